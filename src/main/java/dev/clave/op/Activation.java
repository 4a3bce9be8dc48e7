package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * An activation, element by element. forward: input to output; backwardInput: output (not input) and gradOutput to
 * gradInput. relu is {@code x <= 0 ? 0 : x}, so NaN passes through; sigmoid is computed from {@code exp(-|x|)}.
 *
 * @param kind which function
 * @param n samples, at least 0
 * @param features elements per sample, at least 1
 * @param slope factor for {@code x <= 0} of leaky relu, at least 0
 */
public record Activation(Kind kind, int n, int features, double slope) implements Geometry {
    /** Which function. */
    public enum Kind {
        /** Hyperbolic tangent. */
        TANH,
        /** 1 / (1 + exp(-x)). */
        SIGMOID,
        /** x, or 0 for x at most 0. */
        RELU,
        /** x, or slope * x for x at most 0. */
        LEAKY_RELU
    }

    /** Checks ranges. */
    public Activation {
        Window.atLeast("activation: N", n, 0);
        Window.atLeast("activation: features", features, 1);
        if (!(slope >= 0 && slope < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("activation: slope is finite and at least 0, got " + slope);
        }
    }

    @Override
    public String operator() {
        return "activation";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape shape = format.samples(n, features);
        double flops = (double) n * features;
        return switch (direction) {
            case "forward" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        1,
                        Slot.in("input", format.real(), shape),
                        Slot.out("output", format.real(), shape));
            case "backwardInput" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        1,
                        Slot.in("output", format.real(), shape),
                        Slot.in("gradOutput", format.real(), shape),
                        Slot.out("gradInput", format.real(), shape));
            default -> throw Problem.unknown(this, direction);
        };
    }
}
