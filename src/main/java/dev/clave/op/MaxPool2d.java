package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.List;

/**
 * 2-D max pooling. forward: input [N,C,H,W] to output [N,C,OH,OW] and argmax (I32, offset in the H*W input plane; first
 * maximum in row-major order, NaN wins; -Inf and -1 for a window wholly in padding). backwardInput: gradOutput and argmax
 * to gradInput.
 *
 * @param n samples, at least 0
 * @param c channels, at least 1
 * @param h input height, at least 1
 * @param w input width, at least 1
 * @param window extents, strides, pads and dilations
 * @param ceil whether output sizes are rounded up
 */
public record MaxPool2d(int n, int c, int h, int w, Window window, boolean ceil) implements Geometry {
    /** Checks sizes. */
    public MaxPool2d {
        Window.atLeast("max_pool2d: N", n, 0);
        Window.atLeast("max_pool2d: C", c, 1);
        Window.atLeast("max_pool2d: H", h, 1);
        Window.atLeast("max_pool2d: W", w, 1);
        window.outH(h, ceil);
        window.outW(w, ceil);
    }

    /** {@return output height} */
    public int oh() {
        return window.outH(h, ceil);
    }

    /** {@return output width} */
    public int ow() {
        return window.outW(w, ceil);
    }

    @Override
    public String operator() {
        return "max_pool2d";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape input = format.samples(n, c, h, w);
        Shape output = format.samples(n, c, oh(), ow());
        int taps = window.kh() * window.kw();
        double flops = (double) n * c * oh() * ow() * taps;
        return switch (direction) {
            case "forward" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        1,
                        Slot.in("input", format.real(), input),
                        Slot.out("output", format.real(), output),
                        Slot.out("argmax", DType.I32, output));
            case "backwardInput" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        taps,
                        Slot.in("gradOutput", format.real(), output),
                        Slot.in("argmax", DType.I32, output),
                        Slot.out("gradInput", format.real(), input));
            default -> throw Problem.unknown(this, direction);
        };
    }
}
