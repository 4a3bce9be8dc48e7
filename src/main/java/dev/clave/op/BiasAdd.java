package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * A number per channel added to every position. forward: input [N,C,positions] and bias [C] to output; output may be the
 * same tensor as input. backwardBias: gradOutput to gradBias [C], summed over samples and positions. The gradient of the
 * input is gradOutput itself.
 *
 * @param n samples, at least 0
 * @param c channels, at least 1
 * @param positions elements of a channel, at least 1: H*W of an image, 1 behind a fully connected layer
 */
public record BiasAdd(int n, int c, int positions) implements Geometry {
    /** Checks sizes. */
    public BiasAdd {
        Window.atLeast("bias_add: N", n, 0);
        Window.atLeast("bias_add: C", c, 1);
        Window.atLeast("bias_add: positions", positions, 1);
    }

    @Override
    public String operator() {
        return "bias_add";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardBias");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape values = format.samples(n, c, positions);
        Shape bias = Shape.of(c);
        double flops = (double) n * c * positions;
        return switch (direction) {
            case "forward" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        1,
                        Slot.in("input", format.real(), values),
                        Slot.in("bias", format.real(), bias),
                        Slot.out("output", format.real(), values));
            case "backwardBias" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        n * positions,
                        Slot.in("gradOutput", format.real(), values),
                        Slot.out("gradBias", format.real(), bias));
            default -> throw Problem.unknown(this, direction);
        };
    }
}
