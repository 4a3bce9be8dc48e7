package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Batch normalisation with statistics that are given (Ioffe and Szegedy, 2015, algorithm 2). forward: input [N,C,positions],
 * scale, bias, mean and variance [C] to {@code output = (input - mean) * (scale / sqrt(variance + epsilon)) + bias}. There is
 * no backward direction.
 *
 * @param n samples, at least 0
 * @param c channels, at least 1
 * @param positions elements of a channel, at least 1
 * @param epsilon finite and at least 0
 */
public record BatchNormInference(int n, int c, int positions, double epsilon) implements Geometry {
    /** Checks sizes. */
    public BatchNormInference {
        Window.atLeast("batch_norm_inference: N", n, 0);
        Window.atLeast("batch_norm_inference: C", c, 1);
        Window.atLeast("batch_norm_inference: positions", positions, 1);
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "batch_norm_inference: epsilon is finite and at least 0, got " + epsilon);
        }
    }

    @Override
    public String operator() {
        return "batch_norm_inference";
    }

    @Override
    public List<String> directions() {
        return List.of("forward");
    }

    @Override
    public Problem problem(String direction, Format format) {
        if (!direction.equals("forward")) {
            throw Problem.unknown(this, direction);
        }
        Shape values = format.samples(n, c, positions);
        Shape channels = Shape.of(c);
        return new Problem(
                this,
                direction,
                format,
                3.0 * n * c * positions,
                8,
                Slot.in("input", format.real(), values),
                Slot.in("scale", format.real(), channels),
                Slot.in("bias", format.real(), channels),
                Slot.in("mean", format.real(), channels),
                Slot.in("variance", format.real(), channels),
                Slot.out("output", format.real(), values));
    }
}
