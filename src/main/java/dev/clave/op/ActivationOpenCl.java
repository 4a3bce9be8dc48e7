package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Activations with OpenCL: one work-item per element. */
final class ActivationOpenCl {
    private ActivationOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return List.of(new Rational(), new ReferenceOpenCl(problem -> {
            Activation g = (Activation) problem.geometry();
            int total = problem.slot("output").shape().elements();
            Launch launch =
                    ReferenceOpenCl.launch(problem).choice("KIND", g.kind()).define("SLOPE", g.slope());
            if (problem.direction().equals("forward")) {
                launch.buffers("input", "output");
            } else {
                launch.buffers("output", "gradOutput", "gradInput");
            }
            return launch.ints(total).elements(total);
        }));
    }

    /** tanh by a rational function of our own, several times faster than a library's. */
    private static final class Rational implements OpenClCandidate {
        @Override
        public String name() {
            return "rational";
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            Activation g = (Activation) problem.geometry();
            boolean fits = g.kind() == Activation.Kind.TANH
                    && problem.direction().equals("forward")
                    && problem.format().real() == DType.F32;
            return fits ? null : "only tanh forward in single precision";
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            int total = problem.slot("output").shape().elements();
            Launch launch = new Launch("activation", "activation_forward_rational")
                    .choice("KIND", Activation.Kind.TANH)
                    .buffers("input", "output")
                    .ints(total)
                    .elements(total);
            return List.of(Conv2dOpenCl.format(launch, problem.format()));
        }
    }
}
