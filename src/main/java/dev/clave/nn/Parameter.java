package dev.clave.nn;

import dev.clave.Shape;

/**
 * A tensor a {@link Layer} owns: trained, or, when not trainable, a constant that is saved and loaded with the others. It
 * describes; the values live in the compiled network. The same parameter may be read by several layers.
 */
public final class Parameter {
    private final Shape shape;
    private final int fanIn;
    private final Initializer initializer;
    private final boolean trainable;

    Parameter(Shape shape, int fanIn, Initializer initializer, boolean trainable) {
        if (shape.elements() < 1) {
            throw new IllegalArgumentException("parameter: shape " + shape + " has no elements");
        }
        this.shape = shape;
        this.fanIn = fanIn;
        this.initializer = initializer;
        this.trainable = trainable;
    }

    /**
     * {@return extents as in PyTorch: {@code [K, C/groups, KH, KW]} for convolutions, {@code [out, in]} for linear
     * layers}
     */
    public Shape shape() {
        return shape;
    }

    /** {@return elements that add up to one output: C/groups * KH * KW, or the inputs of a linear layer} */
    public int fanIn() {
        return fanIn;
    }

    /** {@return elements an input contributes to: fan in times outputs over inputs} */
    public int fanOut() {
        return shape.rank() < 2 ? shape.elements() : shape.elements() / shape.extent(1);
    }

    /** {@return what the first values are} */
    public Initializer initializer() {
        return initializer;
    }

    /** {@return whether an optimizer changes it} */
    public boolean trainable() {
        return trainable;
    }
}
