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
 * inference: the same to output alone.
 * backwardConv: output, hidden, argmax or reciprocal, and gradOutput to gradConv, the gradient of the convolution's
 * result, which {@link Conv2d}'s backward directions take as their gradOutput. backwardParameters: input and the same to
 * gradWeight and gradBias, what those directions make of it.
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

    /**
     * Whether backwardParameters beats backwardConv and what follows it. Each pair of an input and an output channel makes the
     * gradient of the convolution's result anew, so that pays for the few channels of images.
     *
     * @return true where windows lie side by side and channels are few
     */
    public boolean gradientFromOutput() {
        return overlap() == null && conv.hasFewChannels();
    }

    /** Why pooling windows are not whole and side by side, so that each value has one at most; null when they are. */
    @Nullable
    String overlap() {
        Window window = poolWindow();
        boolean side = window.strideH() == window.kh() && window.strideW() == window.kw();
        boolean dense =
                window.dilationH() == 1 && window.dilationW() == 1 && window.padTop() == 0 && window.padLeft() == 0;
        if (!side || !dense) {
            return "pooling windows overlap or have padding";
        }
        return ph() * window.kh() > conv.oh() || pw() * window.kw() > conv.ow()
                ? "the last pooling window is cut"
                : null;
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
        return List.of("forward", "inference", "backwardConv", "backwardParameters");
    }

    @Override
    public Problem problem(String direction, Format format) {
        int taps = poolWindow().kh() * poolWindow().kw() + 5;
        List<Slot> slots = new ArrayList<>();
        switch (direction) {
            case "forward", "inference" -> {
                Problem plain = conv.problem("forward", format);
                slots.addAll(plain.slots().subList(0, plain.slots().size() - 1));
                between(format, true).stream()
                        .filter(slot -> direction.equals("forward") || !isKept(slot.name()))
                        .forEach(slots::add);
                return new Problem(
                        this, direction, format, slots, List.of(), plain.flops(), plain.accumulated() + taps);
            }
            case "backwardConv" -> {
                Slot gradConv = Slot.out("gradConv", format.real(), hidden(format));
                slots.addAll(between(format, false));
                slots.add(gradConv);
                return new Problem(
                        this,
                        direction,
                        format,
                        slots,
                        List.of(),
                        gradConv.shape().elements(),
                        taps);
            }
            case "backwardParameters" -> {
                Problem weight = conv.problem("backwardWeight", format);
                slots.add(weight.slot("input"));
                slots.addAll(between(format, false));
                slots.add(weight.slot("gradWeight"));
                if (conv.bias()) {
                    slots.add(conv.problem("backwardBias", format).slot("gradBias"));
                }
                return new Problem(
                        this, direction, format, slots, List.of(), weight.flops(), weight.accumulated() + taps);
            }
            default -> throw Problem.unknown(this, direction);
        }
    }

    /** Whether forward writes it for the backward directions alone. */
    private static boolean isKept(String slot) {
        return slot.equals("hidden") || slot.equals("argmax");
    }

    private Shape hidden(Format format) {
        return format.samples(conv.n(), conv.k(), conv.oh(), conv.ow());
    }

    /** What forward makes and backward reads, with the gradient of the output. */
    private List<Slot> between(Format format, boolean forward) {
        DType real = format.real();
        Shape output = format.samples(conv.n(), conv.k(), ph(), pw());
        List<Slot> slots = new ArrayList<>();
        if (!forward) {
            slots.add(Slot.in("output", real, output));
        }
        if (inner != null) {
            slots.add(forward ? Slot.out("hidden", real, hidden(format)) : Slot.in("hidden", real, hidden(format)));
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
        }
        return slots;
    }
}
