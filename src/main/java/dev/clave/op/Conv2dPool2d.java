package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A convolution with what usually follows, in one: {@code hidden = inner(conv(input))}, {@code output =
 * outer(pool(hidden))}. forward: input, weight and bias (as {@link Conv2d}), reciprocal (average pooling, as {@link
 * AvgPool2d}) to hidden (when there is an inner activation), output and argmax (max pooling, as {@link MaxPool2d}).
 * backwardConv: output, hidden, argmax or reciprocal, and gradOutput to gradConv, the gradient of the convolution's result,
 * which {@link Conv2d}'s backward directions take as their gradOutput.
 *
 * @param conv the convolution
 * @param inner activation before pooling, null for none
 * @param pool a {@link MaxPool2d} or {@link AvgPool2d} of the convolution's output size
 * @param outer activation behind pooling, null for none; no leaky relu here
 */
public record Conv2dPool2d(Conv2d conv, Activation.@Nullable Kind inner, Geometry pool, Activation.@Nullable Kind outer)
        implements Geometry {
    /** Checks that the parts fit. */
    public Conv2dPool2d {
        Shape made = Shape.of(conv.n(), conv.k(), conv.oh(), conv.ow());
        Shape taken;
        if (pool instanceof MaxPool2d p) {
            taken = Shape.of(p.n(), p.c(), p.h(), p.w());
        } else if (pool instanceof AvgPool2d p) {
            taken = Shape.of(p.n(), p.c(), p.h(), p.w());
        } else {
            throw new IllegalArgumentException(
                    "conv2d_pool2d: pool is max_pool2d or avg_pool2d, got " + pool.operator());
        }
        if (!made.equals(taken)) {
            throw new IllegalArgumentException(
                    "conv2d_pool2d: the convolution makes " + made + ", the pool takes " + taken);
        }
        if (inner == Activation.Kind.LEAKY_RELU || outer == Activation.Kind.LEAKY_RELU) {
            throw new IllegalArgumentException("conv2d_pool2d: leaky relu is not fused");
        }
    }

    /** Whether the pool takes the maximum. */
    boolean isMax() {
        return pool instanceof MaxPool2d;
    }

    Window poolWindow() {
        return pool instanceof MaxPool2d max ? max.window() : ((AvgPool2d) pool).window();
    }

    int ph() {
        return pool instanceof MaxPool2d max ? max.oh() : ((AvgPool2d) pool).oh();
    }

    int pw() {
        return pool instanceof MaxPool2d max ? max.ow() : ((AvgPool2d) pool).ow();
    }

    @Override
    public String operator() {
        return "conv2d_pool2d";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardConv");
    }

    @Override
    public Problem problem(String direction, Format format) {
        DType real = format.real();
        Shape hidden = format.samples(conv.n(), conv.k(), conv.oh(), conv.ow());
        Shape output = format.samples(conv.n(), conv.k(), ph(), pw());
        boolean forward = direction.equals("forward");
        if (!forward && !direction.equals("backwardConv")) {
            throw Problem.unknown(this, direction);
        }
        Problem plain = conv.problem("forward", format);
        List<Slot> slots = new ArrayList<>();
        if (forward) {
            slots.addAll(plain.slots().subList(0, plain.slots().size() - 1));
        } else {
            slots.add(Slot.in("output", real, output));
        }
        if (inner != null) {
            slots.add(forward ? Slot.out("hidden", real, hidden) : Slot.in("hidden", real, hidden));
        }
        if (!isMax()) {
            slots.add(Slot.in("reciprocal", real, Shape.of(ph(), pw())));
        }
        if (forward) {
            slots.add(Slot.out("output", real, output));
        }
        if (isMax()) {
            slots.add(forward ? Slot.out("argmax", DType.I32, output) : Slot.in("argmax", DType.I32, output));
        }
        if (!forward) {
            slots.add(Slot.in("gradOutput", real, output));
            slots.add(Slot.out("gradConv", real, hidden));
        }
        double flops = forward ? plain.flops() : hidden.elements();
        int taps = poolWindow().kh() * poolWindow().kw();
        return new Problem(
                this, direction, format, slots, List.of(), flops, forward ? plain.accumulated() + taps + 5 : taps + 5);
    }
}
