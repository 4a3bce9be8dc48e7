package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.List;

/**
 * The partial inverse of max pooling: each value goes where the maximum came from, everything else is 0. forward: input
 * [N,C,H,W] and argmax (I32, the same shape) to output [N,C,OH,OW]. An argmax is an offset in a plane of planeH * planeW, or
 * one in all planes, which is taken modulo the plane; the plane lies in the upper left corner of the output. Of several
 * values for one place the last in row-major order stays; a negative argmax is skipped. There is no backward direction.
 *
 * @param n samples, at least 0
 * @param c channels, at least 1
 * @param h input height, at least 1
 * @param w input width, at least 1
 * @param planeH height of the plane that argmax counts in, at least 1
 * @param planeW its width, at least 1
 * @param oh output height, at least planeH
 * @param ow output width, at least planeW
 */
public record MaxUnpool2d(int n, int c, int h, int w, int planeH, int planeW, int oh, int ow) implements Geometry {
    /** Checks sizes. */
    public MaxUnpool2d {
        Window.atLeast("max_unpool2d: N", n, 0);
        Window.atLeast("max_unpool2d: C", c, 1);
        Window.atLeast("max_unpool2d: H", h, 1);
        Window.atLeast("max_unpool2d: W", w, 1);
        Window.atLeast("max_unpool2d: plane height", planeH, 1);
        Window.atLeast("max_unpool2d: plane width", planeW, 1);
        Window.atLeast("max_unpool2d: OH", oh, planeH);
        Window.atLeast("max_unpool2d: OW", ow, planeW);
    }

    @Override
    public String operator() {
        return "max_unpool2d";
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
        Shape input = format.samples(n, c, h, w);
        return new Problem(
                this,
                direction,
                format,
                0,
                1,
                Slot.in("input", format.real(), input),
                Slot.in("argmax", DType.I32, input),
                Slot.out("output", format.real(), format.samples(n, c, oh, ow)));
    }
}
