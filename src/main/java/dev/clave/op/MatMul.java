package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Products of stacks of matrices, as NumPy's matmul: a [...,M,K] times b [...,K,N] gives output [...,M,N], the leading
 * axes broadcast. There is no backward direction. {@link Gemm} is the fast product of two matrices; this one takes any
 * strides.
 *
 * @param n samples, at least 0
 * @param a extents of one sample of a, rank at least 2; with sharedA a has no batch axis and serves every sample
 * @param sharedA whether a has no batch axis
 * @param b extents of one sample of b, rank at least 2
 * @param sharedB whether b has no batch axis
 */
public record MatMul(int n, Shape a, boolean sharedA, Shape b, boolean sharedB) implements Geometry {
    /** Checks sizes. */
    public MatMul {
        Window.atLeast("matmul: N", n, 0);
        Window.atLeast("matmul: rank of a", a.rank(), 2);
        Window.atLeast("matmul: rank of b", b.rank(), 2);
        Window.atLeast("matmul: elements of a", a.elements(), 1);
        Window.atLeast("matmul: elements of b", b.elements(), 1);
        if (a.extent(a.rank() - 1) != b.extent(b.rank() - 2)) {
            throw new IllegalArgumentException("matmul: " + a + " times " + b + ", the inner extents differ");
        }
        SampleLayout.broadcastShape("matmul", stack(a), stack(b));
    }

    private static int[] stack(Shape shape) {
        return java.util.Arrays.copyOf(shape.toArray(), shape.rank() - 2);
    }

    private int rows() {
        return a.extent(a.rank() - 2);
    }

    private int columns() {
        return b.extent(b.rank() - 1);
    }

    /** {@return length of each sum} */
    public int inner() {
        return a.extent(a.rank() - 1);
    }

    /** {@return extents of one sample of the output} */
    public Shape output() {
        int[] stack = SampleLayout.broadcastShape("matmul", stack(a), stack(b));
        int[] all = java.util.Arrays.copyOf(stack, stack.length + 2);
        all[stack.length] = rows();
        all[stack.length + 1] = columns();
        return Shape.of(all);
    }

    /** Where each sum begins in a and b. */
    StridedIndex index(Format format) {
        int[] sample = output().toArray();
        int[] stack = java.util.Arrays.copyOf(sample, sample.length - 2);
        int[] left = axes(a, stack, inner(), 0);
        int[] right = axes(b, stack, 0, 1);
        return new StridedIndex(
                "matmul",
                SampleLayout.extents(format, n, sample),
                SampleLayout.strides(format, left, a.elements(), sharedA),
                SampleLayout.strides(format, right, b.elements(), sharedB));
    }

    private static int[] axes(Shape operand, int[] stack, int row, int column) {
        int matrix = operand.extent(operand.rank() - 2) * operand.extent(operand.rank() - 1);
        int[] outer = SampleLayout.broadcast(stack(operand), stack);
        int[] axes = new int[stack.length + 2];
        for (int i = 0; i < stack.length; i++) {
            axes[i] = outer[i] * matrix;
        }
        axes[stack.length] = row;
        axes[stack.length + 1] = column;
        return axes;
    }

    /** Step of a along a sum. */
    int stepA(Format format) {
        return sharedA ? 1 : format.lanes();
    }

    /** Step of b along a sum. */
    int stepB(Format format) {
        return columns() * (sharedB ? 1 : format.lanes());
    }

    @Override
    public String operator() {
        return "matmul";
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
                2.0 * shape.elements() * inner(),
                inner(),
                Slot.in("a", format.real(), SampleLayout.operand(format, n, a, sharedA)),
                Slot.in("b", format.real(), SampleLayout.operand(format, n, b, sharedB)),
                Slot.out("output", format.real(), shape));
    }
}
