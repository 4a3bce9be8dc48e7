package dev.clave.op;

import java.util.List;

/** The batch gather with OpenCL: one work-item per element. */
final class GatherImagesOpenCl {
    private GatherImagesOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            GatherImages g = (GatherImages) problem.geometry();
            int total = problem.slot("output").shape().elements();
            return ReferenceOpenCl.launch(problem)
                    .define("PAD", g.pad())
                    .define("IGNORE", "(" + g.ignoreIndex() + ")")
                    .buffers("images", "labels", "order", "output", "batchLabels")
                    .ints(total, g.c(), g.h(), g.w())
                    .late("first", true)
                    .late("live", true)
                    .elements(total);
        });
    }
}
