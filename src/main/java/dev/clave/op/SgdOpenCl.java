package dev.clave.op;

import java.util.List;

/** Stochastic gradient descent with OpenCL: one work-item per parameter. */
final class SgdOpenCl {
    private SgdOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Sgd s = (Sgd) problem.geometry();
            return ReferenceOpenCl.launch(problem)
                    .define("MOMENTUM", s.momentum())
                    .define("WEIGHT_DECAY", s.weightDecay())
                    .define("NESTEROV", s.nesterov() ? 1 : 0)
                    .buffers("parameter", "gradient", "velocity")
                    .ints(s.count())
                    .late("learning_rate", false)
                    .elements(s.count());
        });
    }
}
