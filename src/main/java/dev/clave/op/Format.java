package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;

/**
 * How real tensors lie in memory. With {@code lanes} 1 an image tensor is {@code [N, C, H, W]}. With {@code lanes} L it is
 * {@code [ceil(N / L), C, H, W, L]}: L samples side by side, so that one vector instruction serves L samples whatever
 * the channel count. Samples beyond N are present and hold any finite values, in a gradOutput zeros: the gradients of weight
 * and bias sum over all lanes.
 *
 * @param real F32 or F64
 * @param lanes 1, 2, 4, 8 or 16
 */
public record Format(DType real, int lanes) {
    /** {@code [N, C, H, W]} in single precision. */
    public static final Format NCHW = new Format(DType.F32, 1);

    /** Checks the values. */
    public Format {
        if (!real.isReal()) {
            throw new IllegalArgumentException("format: real is F32 or F64, got " + real);
        }
        if (lanes < 1 || lanes > 16 || Integer.bitCount(lanes) != 1) {
            throw new IllegalArgumentException("format: lanes is 1, 2, 4, 8 or 16, got " + lanes);
        }
    }

    /**
     * {@return number of blocks of {@code lanes} samples}
     *
     * @param n samples
     */
    public int blocks(int n) {
        return (n + lanes - 1) / lanes;
    }

    /**
     * {@return physical shape of a tensor of n samples with the given extents per sample}
     *
     * @param n samples
     * @param extents extents, outermost first
     */
    public Shape samples(int n, int... extents) {
        int[] shape = new int[extents.length + (lanes == 1 ? 1 : 2)];
        shape[0] = blocks(n);
        System.arraycopy(extents, 0, shape, 1, extents.length);
        if (lanes > 1) {
            shape[shape.length - 1] = lanes;
        }
        return Shape.of(shape);
    }
}
