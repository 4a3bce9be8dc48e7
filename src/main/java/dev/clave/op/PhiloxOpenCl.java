package dev.clave.op;

import java.util.List;

/** Random numbers with OpenCL: one work-item per block of four. */
final class PhiloxOpenCl {
    private PhiloxOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Philox g = (Philox) problem.geometry();
            // Seed and stream are arguments: another stream compiles nothing.
            return ReferenceOpenCl.launch(problem)
                    .define("NORMAL", g.distribution() == Philox.Distribution.NORMAL ? 1 : 0)
                    .buffers("output")
                    .ints(g.count(), (int) g.seed(), (int) (g.seed() >>> 32), g.stream())
                    .elements((g.count() + 3) / 4);
        });
    }
}
