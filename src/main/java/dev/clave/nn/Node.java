package dev.clave.nn;

import java.util.List;
import java.util.Map;

/**
 * One operation of a {@link Graph}. Identity matters, so this is no record.
 *
 * <p>{@code parameters} are by slot name (weight, bias); {@code shape} is that of one sample of the output.
 */
public final class Node {
    private final String name;
    private final Operation operation;
    private final List<Node> inputs;
    private final Map<String, Parameter> parameters;
    private final int[] shape;

    Node(String name, Operation operation, List<Node> inputs, Map<String, Parameter> parameters, int[] shape) {
        this.name = name;
        this.operation = operation;
        this.inputs = List.copyOf(inputs);
        this.parameters = Map.copyOf(parameters);
        this.shape = shape;
    }

    /** {@return unique in its graph} */
    public String name() {
        return name;
    }

    /** {@return what it computes} */
    public Operation operation() {
        return operation;
    }

    /** {@return what it reads, in the order of {@link Operation#slots}} */
    public List<Node> inputs() {
        return inputs;
    }

    /** {@return parameters by slot name} */
    public Map<String, Parameter> parameters() {
        return parameters;
    }

    /** {@return extents of one sample of the result} */
    public int[] shape() {
        return shape.clone();
    }

    int features() {
        int product = 1;
        for (int extent : shape) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }
}
