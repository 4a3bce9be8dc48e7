package dev.clave.nn;

import java.util.Arrays;

/**
 * A symbolic value: what flows between layers while a network is recorded. It has a shape per sample and no data, so a
 * {@link Layer#forward} that wants to look at numbers cannot; what a network computes may depend on shapes only.
 */
public final class Value {
    private final Graph graph;
    private final Node node;

    Value(Graph graph, Node node) {
        this.graph = graph;
        this.node = node;
    }

    /**
     * {@return extents of one sample, without the batch: {@code [C, H, W]} for images, {@code [features]} behind a
     * flatten}
     */
    public int[] shape() {
        return node.shape().clone();
    }

    /** {@return the recording it belongs to} */
    public Graph graph() {
        return graph;
    }

    /** {@return the node that computes it} */
    public Node node() {
        return node;
    }

    @Override
    public String toString() {
        return "value " + Arrays.toString(node.shape()) + " of " + node.name();
    }
}
