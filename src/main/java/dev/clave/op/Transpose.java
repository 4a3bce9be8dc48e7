package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Axes of a sample in another order: axis i of the output is axis {@code axes[i]} of the input. The batch axis stays in
 * front. forward: input to output. There is no backward direction; the gradient is the transposition back.
 *
 * @param n samples, at least 0
 * @param input extents of one sample of the input
 * @param axes a permutation of 0..rank-1
 */
public record Transpose(int n, Shape input, List<Integer> axes) implements Geometry {
    /** Checks that axes is a permutation. */
    public Transpose {
        Window.atLeast("transpose: N", n, 0);
        Window.atLeast("transpose: elements", input.elements(), 1);
        axes = List.copyOf(axes);
        if (axes.size() != input.rank()
                || axes.stream().distinct().count() != axes.size()
                || axes.stream().anyMatch(axis -> axis < 0 || axis >= input.rank())) {
            throw new IllegalArgumentException(
                    "transpose: axes of " + input + " are a permutation of 0.." + (input.rank() - 1) + ", got " + axes);
        }
    }

    /** {@return extents of one sample of the output} */
    public Shape output() {
        return Shape.of(axes.stream().mapToInt(input::extent).toArray());
    }

    StridedIndex index(Format format) {
        int[] dense = StridedIndex.dense(input.toArray(), 1);
        int[] moved = axes.stream().mapToInt(axis -> dense[axis]).toArray();
        return new StridedIndex(
                "transpose",
                SampleLayout.extents(format, n, output().toArray()),
                SampleLayout.strides(format, moved, input.elements(), false));
    }

    @Override
    public String operator() {
        return "transpose";
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
        return new Problem(
                this,
                direction,
                format,
                0,
                1,
                Slot.in("input", format.real(), format.samples(n, input.toArray())),
                Slot.out("output", format.real(), format.samples(n, output().toArray())));
    }
}
