package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The batch gather with OpenCL: rows of blocks, and one work-item per element. */
final class GatherImagesOpenCl {
    private GatherImagesOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return List.of(new Rows(), new ReferenceOpenCl(problem -> {
            int total = problem.slot("output").shape().elements();
            return arguments(ReferenceOpenCl.launch(problem), problem, total).elements(total);
        }));
    }

    private static Launch arguments(Launch launch, Problem problem, int total) {
        GatherImages g = (GatherImages) problem.geometry();
        return launch.define("PAD", g.pad())
                .define("IGNORE", "(" + g.ignoreIndex() + ")")
                .buffers("images", "labels", "order", "output", "batchLabels")
                .ints(total, g.c(), g.h(), g.w())
                .late("first", true)
                .late("live", true);
    }

    /** Where samples lie side by side: one work-item per row of a block, so that pixels are read in order. */
    private static final class Rows implements OpenClCandidate {
        @Override
        public String name() {
            return "rows";
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            return problem.format().lanes() == 1 ? "samples do not lie side by side" : null;
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            GatherImages g = (GatherImages) problem.geometry();
            int rows = problem.format().blocks(g.n()) * g.c() * (g.h() + 2 * g.pad());
            Launch launch = arguments(new Launch("gather_images", "gather_images_forward_rows"), problem, rows);
            return List.of(Conv2dOpenCl.format(launch.tiles(rows), problem.format()));
        }
    }
}
