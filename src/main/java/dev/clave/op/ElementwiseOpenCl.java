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
                    .choice("KIND", g.kind())
                    .buffers("input", "output")
                    .ints(total)
                    .real(g.p())
                    .real(g.q())
                    .elements(total);
        });
    }
}
