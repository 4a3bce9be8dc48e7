package dev.clave.op;

import java.util.List;

/** Concatenation with OpenCL: one work-item per element of the output. */
final class ConcatOpenCl {
    private ConcatOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Concat g = (Concat) problem.geometry();
            int total = problem.slot("output").shape().elements();
            return ReferenceOpenCl.launch(problem)
                    .buffers("a", "b", "output")
                    .ints(total, g.first(), g.second(), g.inner())
                    .elements(total);
        });
    }
}
