package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * One step of Adam (Kingma and Ba, 2015), or of AdamW (Loshchilov and Hutter, 2019) when {@code decoupled}, over
 * parameter buffers of {@code count} elements, as PyTorch defines them. Tensors: parameter, gradient, first and second
 * moment (both start at 0). Scalars: {@code learning_rate}, {@code step_size} = learning rate / (1 - beta1^step) and
 * {@code root} = 1 / sqrt(1 - beta2^step), step counted from 1.
 *
 * @param count elements of each buffer, at least 1
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment
 * @param weightDecay L2 penalty, added to the gradient or, when decoupled, taken from the parameter
 * @param decoupled whether this is AdamW
 */
public record Adam(int count, double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled)
        implements Geometry {
    /** Checks ranges. */
    public Adam {
        Window.atLeast("adam: count", count, 1);
        if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
            throw new IllegalArgumentException("adam: betas lie in [0, 1), got " + beta1 + " and " + beta2);
        }
    }

    @Override
    public String operator() {
        return "adam";
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
                        Slot.inout("first", format.real(), shape),
                        Slot.inout("second", format.real(), shape)),
                List.of("learning_rate", "step_size", "root"),
                12.0 * count,
                1);
    }
}
