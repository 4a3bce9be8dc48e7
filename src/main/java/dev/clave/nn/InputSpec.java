package dev.clave.nn;

import dev.clave.DType;
import java.util.Arrays;
import java.util.List;

/**
 * What a network reads.
 *
 * @param name for exports, such as {@code image}
 * @param dtype F32
 * @param shape extents with the batch in front; -1 there leaves the batch free
 * @param pad background pixels that are added on each side of an image before it becomes the input
 */
public record InputSpec(String name, DType dtype, List<Integer> shape, int pad) {
    /** Checks the values. */
    public InputSpec {
        shape = List.copyOf(shape);
        if (shape.isEmpty() || (shape.get(0) != -1 && shape.get(0) < 1)) {
            throw new IllegalArgumentException(
                    "input " + name + ": the first extent is the batch, at least 1 or -1 for a free one, got " + shape);
        }
        if (shape.stream().skip(1).anyMatch(extent -> extent < 1)) {
            throw new IllegalArgumentException(
                    "input " + name + ": extents behind the batch are at least 1, got " + shape);
        }
        if (pad < 0) {
            throw new IllegalArgumentException("input " + name + ": padding is at least 0, got " + pad);
        }
        if (dtype != DType.F32) {
            throw new IllegalArgumentException("input " + name + ": networks compute in F32, got " + dtype);
        }
    }

    /**
     * {@return a specification without padding}
     *
     * @param name what it is called
     * @param dtype type of the elements
     * @param shape extents with the batch in front, -1 leaves it free
     */
    public static InputSpec of(String name, DType dtype, int... shape) {
        return new InputSpec(name, dtype, Arrays.stream(shape).boxed().toList(), 0);
    }

    /**
     * {@return images {@code [-1, channels, height, width]} under the name {@code image}}
     *
     * @param channels of an image
     * @param height pixels from top to bottom
     * @param width pixels from left to right
     */
    public static InputSpec image(int channels, int height, int width) {
        return of("image", DType.F32, -1, channels, height, width);
    }

    /**
     * {@return the same for images that are smaller by {@code pixels} on each side}
     *
     * @param pixels background pixels on each side
     */
    public InputSpec padded(int pixels) {
        return new InputSpec(name, dtype, shape, pixels);
    }

    /** Extents of one sample. */
    int[] sample() {
        return shape.stream().skip(1).mapToInt(Integer::intValue).toArray();
    }

    /** Whether a batch of n samples is allowed. */
    void checkBatch(int n) {
        if (shape.get(0) != -1 && shape.get(0) != n) {
            throw new IllegalArgumentException(
                    "input " + name + ": the batch is " + shape.get(0) + " samples, got " + n + "; -1 leaves it free");
        }
    }
}
