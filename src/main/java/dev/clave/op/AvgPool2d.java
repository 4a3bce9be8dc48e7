package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * 2-D average pooling. forward: input [N,C,H,W] and reciprocal [OH,OW] (see {@link #reciprocals}) to output
 * [N,C,OH,OW]. backwardInput: gradOutput and reciprocal to gradInput.
 *
 * @param n samples, at least 0
 * @param c channels, at least 1
 * @param h input height, at least 1
 * @param w input width, at least 1
 * @param window extents, strides, pads and dilations
 * @param ceil whether output sizes are rounded up
 * @param countPadding whether padding counts in the divisor; the part of a ceil-mode window beyond it never does
 */
public record AvgPool2d(int n, int c, int h, int w, Window window, boolean ceil, boolean countPadding)
        implements Geometry {
    /** Checks sizes. */
    public AvgPool2d {
        Window.atLeast("avg_pool2d: N", n, 0);
        Window.atLeast("avg_pool2d: C", c, 1);
        Window.atLeast("avg_pool2d: H", h, 1);
        Window.atLeast("avg_pool2d: W", w, 1);
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

    /** {@return one over the divisor of each window, [OH,OW]; 0 where a window has nothing to divide} */
    public double[] reciprocals() {
        double[] values = new double[oh() * ow()];
        for (int oy = 0; oy < oh(); oy++) {
            for (int ox = 0; ox < ow(); ox++) {
                int inside = 0;
                int counted = 0;
                for (int kh = 0; kh < window.kh(); kh++) {
                    int y = oy * window.strideH() - window.padTop() + kh * window.dilationH();
                    for (int kw = 0; kw < window.kw(); kw++) {
                        int x = ox * window.strideW() - window.padLeft() + kw * window.dilationW();
                        inside += y >= 0 && y < h && x >= 0 && x < w ? 1 : 0;
                        counted += y < h + window.padBottom() && x < w + window.padRight() ? 1 : 0;
                    }
                }
                int divisor = countPadding ? counted : inside;
                values[oy * ow() + ox] = inside == 0 || divisor == 0 ? 0 : 1.0 / divisor;
            }
        }
        return values;
    }

    @Override
    public String operator() {
        return "avg_pool2d";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Slot reciprocal = Slot.in("reciprocal", format.real(), Shape.of(oh(), ow()));
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
                        taps + 5,
                        Slot.in("input", format.real(), input),
                        reciprocal,
                        Slot.out("output", format.real(), output));
            case "backwardInput" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        taps + 5,
                        Slot.in("gradOutput", format.real(), output),
                        reciprocal,
                        Slot.out("gradInput", format.real(), input));
            default -> throw Problem.unknown(this, direction);
        };
    }
}
