package dev.clave.op;

import java.util.List;

/** Adam with OpenCL: one work-item per parameter. */
final class AdamOpenCl {
    private AdamOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Adam g = (Adam) problem.geometry();
            return ReferenceOpenCl.launch(problem)
                    .define("BETA1", g.beta1())
                    .define("BETA2", g.beta2())
                    .define("ONE_MINUS_BETA1", 1 - g.beta1())
                    .define("ONE_MINUS_BETA2", 1 - g.beta2())
                    .define("EPSILON", g.epsilon())
                    .define("WEIGHT_DECAY", g.weightDecay())
                    .define("DECOUPLED", g.decoupled() ? 1 : 0)
                    .buffers("parameter", "gradient", "first", "second")
                    .ints(g.count())
                    .late("learning_rate", false)
                    .late("step_size", false)
                    .late("root", false)
                    .elements(g.count());
        });
    }
}
