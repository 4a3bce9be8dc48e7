package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * One step of stochastic gradient descent with momentum (Sutskever et al., 2013, in PyTorch's form), also Nesterov's, over
 * buffers of {@code count} elements. Tensors: parameter, gradient, velocity (starts at 0). Scalar: {@code learning_rate}.
 *
 * @param count elements of each buffer, at least 1
 * @param momentum decay of the velocity, in [0, 1)
 * @param weightDecay L2 penalty, added to the gradient
 * @param nesterov whether to look ahead
 */
public record Sgd(int count, double momentum, double weightDecay, boolean nesterov) implements Geometry {
    /** Checks ranges. */
    public Sgd {
        Window.atLeast("sgd: count", count, 1);
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("sgd: momentum lies in [0, 1), got " + momentum);
        }
    }

    @Override
    public String operator() {
        return "sgd";
    }

    @Override
    public List<String> directions() {
        return List.of("forward");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape shape = Shape.of(count);
        return new Problem(
                this,
                direction,
                format,
                List.of(
                        Slot.inout("parameter", format.real(), shape),
                        Slot.in("gradient", format.real(), shape),
                        Slot.inout("velocity", format.real(), shape)),
                List.of("learning_rate"),
                6.0 * count,
                1);
    }
}
