package dev.clave.op;

import java.util.List;

/**
 * Logarithm of {@link Softmax}, computed as {@code y_c = (x_c - max) - log(sum over j of exp(x_j - max))}, so that it stays
 * finite where softmax underflows to 0. forward: input [N,C] to output [N,C]. backwardInput: output (not input) and
 * gradOutput to {@code gradInput_c = g_c - exp(y_c) * sum over j of g_j}. A NaN or +Inf in a sample makes the whole sample
 * NaN; -Inf stays -Inf.
 *
 * @param n samples, at least 0
 * @param classes C, at least 1
 */
public record LogSoftmax(int n, int classes) implements Geometry {
    /** Checks sizes. */
    public LogSoftmax {
        Window.atLeast("log_softmax: N", n, 0);
        Window.atLeast("log_softmax: classes", classes, 1);
    }

    @Override
    public String operator() {
        return "log_softmax";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    @Override
    public Problem problem(String direction, Format format) {
        return Softmax.problem(this, direction, format, n, classes);
    }
}
