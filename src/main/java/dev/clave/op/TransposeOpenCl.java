package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Transposition with OpenCL: one work-item per element of the output, and squares of samples in registers. */
final class TransposeOpenCl {
    private TransposeOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return List.of(new Interleave(), new ReferenceOpenCl(problem -> {
            StridedIndex index = ((Transpose) problem.geometry()).index(problem.format());
            Launch launch =
                    ReferenceOpenCl.launch(problem).buffers("input", "output").ints(index.elements());
            return index.arguments(launch).elements(index.elements());
        }));
    }

    /** Rows of samples to samples side by side: as many rows as a vector has lanes. */
    private static final class Interleave implements OpenClCandidate {
        @Override
        public String name() {
            return "interleave";
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            Transpose g = (Transpose) problem.geometry();
            if (!g.axes().equals(List.of(1, 0)) || !List.of(4, 8, 16).contains(rows(g))) {
                return "not 4, 8 or 16 rows that become columns";
            }
            if (problem.format().lanes() > 1) {
                return "samples lie side by side already";
            }
            return problem.format().real() == DType.F32 ? null : "single precision only";
        }

        private static int rows(Transpose g) {
            return g.input().extent(0);
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            Transpose g = (Transpose) problem.geometry();
            int features = g.input().extent(1);
            int tiles = (features + rows(g) - 1) / rows(g);
            return List.of(new Launch("transpose", "transpose_forward_interleave")
                    .define("LANES", rows(g))
                    .buffers("input", "output")
                    .ints(g.n(), features)
                    .tiles((long) g.n() * tiles));
        }
    }
}
