package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Two tensors one behind the other along an axis. forward: a [N,outer,first,inner] and b [N,outer,second,inner] to output
 * [N,outer,first+second,inner]. There is no backward direction.
 *
 * @param n samples, at least 0
 * @param outer product of the extents before the axis, at least 1
 * @param first extent of the axis in a, at least 1
 * @param second extent of the axis in b, at least 1
 * @param inner product of the extents behind the axis, at least 1
 */
public record Concat(int n, int outer, int first, int second, int inner) implements Geometry {
    /** Checks sizes. */
    public Concat {
        Window.atLeast("concat: N", n, 0);
        Window.atLeast("concat: outer", outer, 1);
        Window.atLeast("concat: first", first, 1);
        Window.atLeast("concat: second", second, 1);
        Window.atLeast("concat: inner", inner, 1);
    }

    @Override
    public String operator() {
        return "concat";
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
        Shape output = format.samples(n, outer, Math.addExact(first, second), inner);
        return new Problem(
                this,
                direction,
                format,
                0,
                1,
                Slot.in("a", format.real(), format.samples(n, outer, first, inner)),
                Slot.in("b", format.real(), format.samples(n, outer, second, inner)),
                Slot.out("output", format.real(), output));
    }
}
