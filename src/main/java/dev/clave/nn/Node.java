package dev.clave.nn;

import java.util.List;
import java.util.Map;

/**
 * One operation of a {@link Graph}. Identity matters, so this is no record.
 *
 * <p>{@code parameters} are by slot name (weight, bias); {@code shape} is that of one sample of the output.
 */
final class Node {
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

    String name() {
        return name;
    }

    Operation operation() {
        return operation;
    }

    List<Node> inputs() {
        return inputs;
    }

    Map<String, Parameter> parameters() {
        return parameters;
    }

    int[] shape() {
        return shape;
    }

    int features() {
        int product = 1;
        for (int extent : shape) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }
}
