package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The plain candidate of an operator: one launch, one work-item per element, never refuses. */
record ReferenceOpenCl(Function<Problem, Launch> launch) implements OpenClCandidate {
    static List<OpenClCandidate> only(Function<Problem, Launch> launch) {
        return List.of(new ReferenceOpenCl(launch));
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        return null;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        return List.of(Conv2dOpenCl.format(launch.apply(problem), problem.format()));
    }

    /** The launch of {@code <operator>_<direction>_reference}; backwardInput is written backward_input there. */
    static Launch launch(Problem problem) {
        String direction = problem.direction().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
        return new Launch(problem.operator(), problem.operator() + "_" + direction + "_reference");
    }
}
