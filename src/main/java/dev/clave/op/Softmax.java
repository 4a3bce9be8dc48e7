package dev.clave.op;

import java.util.List;

/**
 * Softmax over the classes of each sample, {@code y_c = exp(x_c - max) / sum over j of exp(x_j - max)}. forward: input [N,C]
 * to output [N,C]. backwardInput: output (not input) and gradOutput to {@code gradInput_c = y_c * (g_c - sum over j of g_j
 * y_j)}. A NaN or +Inf in a sample makes the whole sample NaN; -Inf has the probability 0.
 *
 * @param n samples, at least 0
 * @param classes C, at least 1
 */
public record Softmax(int n, int classes) implements Geometry {
    /** Checks sizes. */
    public Softmax {
        Window.atLeast("softmax: N", n, 0);
        Window.atLeast("softmax: classes", classes, 1);
    }

    @Override
    public String operator() {
        return "softmax";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    @Override
    public Problem problem(String direction, Format format) {
        return problem(this, direction, format, n, classes);
    }

    /** The problem of softmax and of its logarithm: they differ in the formula only. */
    static Problem problem(Geometry geometry, String direction, Format format, int n, int classes) {
        Slot output = Slot.out("output", format.real(), format.samples(n, classes));
        double flops = 4.0 * n * classes;
        return switch (direction) {
            case "forward" ->
                new Problem(
                        geometry,
                        direction,
                        format,
                        flops,
                        classes,
                        Slot.in("input", format.real(), output.shape()),
                        output);
            case "backwardInput" ->
                new Problem(
                        geometry,
                        direction,
                        format,
                        flops,
                        classes,
                        Slot.in("output", format.real(), output.shape()),
                        Slot.in("gradOutput", format.real(), output.shape()),
                        Slot.out("gradInput", format.real(), output.shape()));
            default -> throw Problem.unknown(geometry, direction);
        };
    }
}
