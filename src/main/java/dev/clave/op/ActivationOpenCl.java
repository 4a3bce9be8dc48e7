package dev.clave.op;

import java.util.List;

/** Activations with OpenCL: one work-item per element. */
final class ActivationOpenCl {
    private ActivationOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Activation g = (Activation) problem.geometry();
            int total = problem.slot("output").shape().elements();
            Launch launch = ReferenceOpenCl.launch(problem)
                    .define("KIND", code(g.kind()))
                    .define("SLOPE", g.slope());
            if (problem.direction().equals("forward")) {
                launch.buffers("input", "output");
            } else {
                launch.buffers("output", "gradOutput", "gradInput");
            }
            return launch.ints(total).elements(total);
        });
    }

    private static int code(Activation.Kind kind) {
        return switch (kind) {
            case TANH -> 0;
            case SIGMOID -> 1;
            case RELU -> 2;
            case LEAKY_RELU -> 3;
        };
    }
}
