package dev.clave.op;

import java.util.List;

/** Functions of each element with OpenCL: one work-item per element. */
final class ElementwiseOpenCl {
    private ElementwiseOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Elementwise g = (Elementwise) problem.geometry();
            int total = problem.slot("output").shape().elements();
            return ReferenceOpenCl.launch(problem)
                    .define("KIND", code(g.kind()))
                    .buffers("input", "output")
                    .ints(total)
                    .real(g.p())
                    .real(g.q())
                    .elements(total);
        });
    }

    private static int code(Elementwise.Kind kind) {
        return switch (kind) {
            case ELU -> 0;
            case SOFTPLUS -> 1;
            case CLIP -> 2;
            case AFFINE -> 3;
        };
    }
}
