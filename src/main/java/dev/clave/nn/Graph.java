package dev.clave.nn;

import dev.clave.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A network recorded for one input shape: a directed acyclic graph of operator nodes, in an order that can be run. Read by
 * exporters; {@link #record(Layer, List, Function)} makes one with several inputs and outputs.
 */
public final class Graph {
    /** A layer applied while recording, for summaries; the shapes are those of one sample. */
    record Call(String name, Layer layer, Shape inputShape, Shape outputShape) {
        boolean isLayer() {
            return layer.children().isEmpty();
        }
    }

    private final Layer root;
    private final Map<Layer, String> names;
    private final Map<String, Integer> recorded = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private final List<Node> inputs = new ArrayList<>();
    private List<Node> outputs;

    private Graph(Layer root, List<Operation.Input> reads) {
        this.root = root;
        this.names = root.names();
        for (Operation.Input read : reads) {
            String name = inputs.isEmpty() ? "input" : "input#" + (inputs.size() + 1);
            inputs.add(new Node(name, read, List.of(), Map.of(), read.shape().toArray()));
        }
        this.outputs = inputs;
        nodes.addAll(inputs);
    }

    /**
     * Records a layer.
     *
     * @param layer the network or a part of it
     * @param inputShape extents of one sample, for example {@code [1, 28, 28]}
     * @return the graph
     * @throws IllegalArgumentException when a layer does not fit what comes in; the message names it
     */
    public static Graph record(Layer layer, int... inputShape) {
        for (int extent : inputShape) {
            if (extent < 1) {
                throw new IllegalArgumentException(
                        "input shape: extents are at least 1, got " + Arrays.toString(inputShape));
            }
        }
        Graph graph = new Graph(layer, List.of(new Operation.Input(Shape.of(inputShape))));
        graph.outputs = List.of(layer.apply(new Value(graph, graph.input())).node());
        return graph;
    }

    /**
     * Records a function of several values.
     *
     * @param root holds the parameters the function uses
     * @param inputs at least one
     * @param function gets one value per input, returns the outputs, at least one
     * @return the graph
     */
    public static Graph record(Layer root, List<Operation.Input> inputs, Function<List<Value>, List<Value>> function) {
        Graph graph = new Graph(root, inputs);
        List<Value> results = function.apply(
                graph.inputs.stream().map(node -> new Value(graph, node)).toList());
        graph.outputs = results.stream().map(Value::node).toList();
        return graph;
    }

    Value call(Layer layer, Value value) {
        if (!names.containsKey(layer)) {
            // A layer made inside forward, such as Layers.relu(): it has a place in the graph but no parameters to
            // name.
            if (!layer.parameters().isEmpty()) {
                throw new IllegalArgumentException(layer.type()
                        + " has parameters and was made inside forward; make it once, with child(name, layer)");
            }
        }
        Value result = layer.forward(value);
        if (result == null || result.graph() != this) {
            throw new IllegalArgumentException(label(layer) + ": forward must return a value made from its input, got "
                    + (result == null ? "null" : "a value of another recording"));
        }
        calls.add(new Call(label(layer), layer, Shape.of(value.shape()), Shape.of(result.shape())));
        return result;
    }

    private String label(@Nullable Layer layer) {
        String name = layer == null ? null : names.get(layer);
        return name != null && !name.isEmpty() ? name : layer == null ? "" : layer.type();
    }

    Value record(@Nullable Layer layer, Operation operation, List<Value> values, Map<String, Parameter> parameters) {
        String base = label(layer);
        if (base.isEmpty()) {
            base = operation.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
        }
        return append(base, operation, values, parameters);
    }

    /**
     * Records an operation.
     *
     * @param base name of the node, made unique
     * @param operation what is computed
     * @param values what it reads, in the order of {@link Operation#slots}
     * @param parameters by slot name
     * @return what comes out
     * @throws IllegalArgumentException when the values do not fit; the message names the node
     */
    public Value append(String base, Operation operation, List<Value> values, Map<String, Parameter> parameters) {
        List<Node> inputs = new ArrayList<>();
        List<int[]> shapes = new ArrayList<>();
        for (Value value : values) {
            if (value.graph() != this) {
                throw new IllegalArgumentException("a value of another recording was used: " + value);
            }
            inputs.add(value.node());
            shapes.add(value.node().shape());
        }
        int count = recorded.merge(base, 1, Integer::sum);
        String name = count == 1 ? base : base + "#" + count;
        int[] shape;
        try {
            shape = operation.output(shapes);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("layer " + name + ": " + e.getMessage(), e);
        }
        Node node = new Node(name, operation, inputs, parameters, shape);
        nodes.add(node);
        return new Value(this, node);
    }

    /** {@return the layer that holds the parameters} */
    public Layer root() {
        return root;
    }

    Node input() {
        return inputs.get(0);
    }

    Node output() {
        return outputs.get(0);
    }

    /** {@return what the network reads, in order} */
    public List<Node> inputs() {
        return List.copyOf(inputs);
    }

    /** {@return what it computes, in order} */
    public List<Node> outputs() {
        return List.copyOf(outputs);
    }

    List<Call> calls() {
        return calls;
    }

    /** {@return the inputs and the nodes the outputs depend on, in an order that can be run} */
    public List<Node> live() {
        Map<Node, Boolean> wanted = new HashMap<>();
        mark(wanted);
        return nodes.stream().filter(wanted::containsKey).toList();
    }

    private void mark(Map<Node, Boolean> wanted) {
        outputs.forEach(node -> wanted.put(node, true));
        inputs.forEach(node -> wanted.put(node, true));
        // Nodes are recorded after their inputs, so one backward sweep reaches everything.
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (wanted.containsKey(nodes.get(i))) {
                nodes.get(i).inputs().forEach(node -> wanted.put(node, true));
            }
        }
    }
}
