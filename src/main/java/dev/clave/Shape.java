package dev.clave;

import java.util.Arrays;

/** Extents of a tensor, outermost first, for example {@code [N, C, H, W]}. Immutable. */
public final class Shape {
    private final int[] extents;
    private final int elements;

    private Shape(int[] extents) {
        long product = 1;
        for (int extent : extents) {
            if (extent < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(extents) + " has a negative extent");
            }
            product = Math.multiplyExact(product, (long) extent);
            if (product > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("shape " + Arrays.toString(extents) + " has more than "
                        + Integer.MAX_VALUE + " elements; split the batch");
            }
        }
        this.extents = extents;
        this.elements = (int) product;
    }

    /**
     * {@return a shape of the given extents}
     *
     * @param extents extents, outermost first
     * @throws IllegalArgumentException when an extent is negative or the product exceeds 2^31 - 1
     */
    public static Shape of(int... extents) {
        return new Shape(extents.clone());
    }

    /** {@return number of extents} */
    public int rank() {
        return extents.length;
    }

    /**
     * {@return extent of one axis, 0 is the outermost}
     *
     * @param axis which axis, 0 is the outermost
     */
    public int extent(int axis) {
        return extents[axis];
    }

    /** {@return number of elements: the product of the extents, 1 for a scalar} */
    public int elements() {
        return elements;
    }

    /** {@return the extents, as a copy} */
    public int[] toArray() {
        return extents.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    @Override
    public String toString() {
        return Arrays.toString(extents);
    }
}
