package dev.clave.op;

import java.util.List;

/** The bias of a channel with OpenCL: one work-item per element, for the gradient one per channel. */
final class BiasAddOpenCl {
    private BiasAddOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            BiasAdd g = (BiasAdd) problem.geometry();
            Launch launch = ReferenceOpenCl.launch(problem);
            if (problem.direction().equals("forward")) {
                int total = problem.slot("output").shape().elements();
                return launch.buffers("input", "bias", "output")
                        .ints(total, g.c(), g.positions())
                        .elements(total);
            }
            return launch.buffers("gradOutput", "gradBias")
                    .ints(g.n(), g.c(), g.positions())
                    .elements(g.c());
        });
    }
}
