package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Two tensors combined element by element, shapes broadcast as in NumPy and ONNX: axes are aligned at the last, an axis
 * of extent 1 is repeated. forward: a and b to {@code output = a op b}. There is no backward direction.
 *
 * @param kind which operation
 * @param n samples, at least 0
 * @param a extents of one sample of a; with sharedA a has no batch axis and serves every sample
 * @param sharedA whether a has no batch axis
 * @param b extents of one sample of b
 * @param sharedB whether b has no batch axis
 */
public record Broadcast(Kind kind, int n, Shape a, boolean sharedA, Shape b, boolean sharedB) implements Geometry {
    /** Which function. Minimum and maximum are NaN where an operand is. */
    public enum Kind {
        /** a + b. */
        ADD,
        /** a - b. */
        SUB,
        /** a * b. */
        MUL,
        /** The smaller. */
        MIN,
        /** The larger. */
        MAX
    }

    /** Checks sizes. */
    public Broadcast {
        Window.atLeast("broadcast: N", n, 0);
        Window.atLeast("broadcast: elements of a", a.elements(), 1);
        Window.atLeast("broadcast: elements of b", b.elements(), 1);
        SampleLayout.broadcastShape("broadcast", a.toArray(), b.toArray());
    }

    /** {@return extents of one sample of the output} */
    public Shape output() {
        return Shape.of(SampleLayout.broadcastShape("broadcast", a.toArray(), b.toArray()));
    }

    StridedIndex index(Format format) {
        int[] sample = output().toArray();
        return new StridedIndex(
                "broadcast",
                SampleLayout.extents(format, n, sample),
                SampleLayout.strides(format, SampleLayout.broadcast(a.toArray(), sample), a.elements(), sharedA),
                SampleLayout.strides(format, SampleLayout.broadcast(b.toArray(), sample), b.elements(), sharedB));
    }

    @Override
    public String operator() {
        return "broadcast";
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
        Shape shape = format.samples(n, output().toArray());
        return new Problem(
                this,
                direction,
                format,
                shape.elements(),
                1,
                Slot.in("a", format.real(), SampleLayout.operand(format, n, a, sharedA)),
                Slot.in("b", format.real(), SampleLayout.operand(format, n, b, sharedB)),
                Slot.out("output", format.real(), shape));
    }
}
