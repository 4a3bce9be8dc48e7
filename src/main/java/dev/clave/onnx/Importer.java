package dev.clave.onnx;

import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.nn.Graph;
import dev.clave.nn.Operation;
import dev.clave.nn.Parameter;
import dev.clave.nn.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes a graph of our operations from the nodes of a file. There are two ways to see a model. With {@code lead} 1 its first
 * axis is the batch: values are samples, any batch can be compiled, and nodes that work along the batch axis are refused.
 * With {@code lead} 0 a whole tensor is one sample, so every node of any rank fits, for these shapes only. The methods of
 * {@link Nodes} are written for both: an axis a of the file is the axis a - lead of a value.
 */
final class Importer {
    private final OnnxModel model;
    private final int lead;
    private final ImportedLayer weights;
    private final Map<String, Item> items = new HashMap<>();
    private @Nullable Graph graph;

    Importer(OnnxModel model, int lead, ImportedLayer weights) {
        this.model = model;
        this.lead = lead;
        this.weights = weights;
        model.initializers().forEach((name, tensor) -> items.put(name, Item.of(tensor, name)));
    }

    /** Says what a name stands for. */
    void define(String name, Item item) {
        items.put(name, item);
    }

    /** Records all nodes; values of inputs are defined before. */
    void run(Graph into) {
        this.graph = into;
        for (OnnxNode node : model.nodes()) {
            Attributes attributes = new Attributes(model.source(), node);
            if (!node.domain().isEmpty() && !node.domain().equals("ai.onnx")) {
                throw attributes.refuse("operators of domain '" + node.domain() + "' are not supported");
            }
            if (node.outputs().isEmpty()) {
                throw attributes.refuse("has no outputs");
            }
            try {
                new Nodes(this, node, attributes).record();
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw attributes.refuse(String.valueOf(e.getMessage()));
            }
        }
    }

    int lead() {
        return lead;
    }

    long opset() {
        return model.opset();
    }

    Item item(String name) {
        Item item = items.get(name);
        if (item == null) {
            throw new FormatException(model.source(), -1, "'" + name + "' is not defined here");
        }
        return item;
    }

    Value append(OnnxNode node, Operation operation, List<Value> values, Map<String, Parameter> parameters) {
        if (graph == null) {
            throw new IllegalStateException("no graph yet");
        }
        String name = node.name().isEmpty() ? node.outputs().get(0) : node.name();
        return graph.append(name.isEmpty() ? node.type() : name, operation, values, parameters);
    }

    /** A parameter with the values of a known tensor, in a shape of the same number of elements. */
    Parameter parameter(Item item, boolean trained, int... shape) {
        return weights.parameter(item.name(), trained, Shape.of(shape), floats(item));
    }

    /** A parameter with other values than the file's, such as a transposed weight. */
    Parameter parameter(Item item, float[] values, int... shape) {
        return weights.parameter(item.name(), true, Shape.of(shape), values);
    }

    float[] floats(Item item) {
        OnnxTensor tensor = item.constant();
        if (tensor == null || tensor.floats() == null) {
            throw new IllegalArgumentException("'" + item.name() + "' holds "
                    + (tensor == null ? "whole numbers" : OnnxTensor.typeName(tensor.type()))
                    + ", operators here compute with FLOAT");
        }
        return tensor.floats();
    }

    /** A known tensor as a value that all samples share. */
    Value fixed(OnnxNode node, Item item) {
        int[] shape =
                item.constant() == null ? new int[0] : item.constant().shape().toArray();
        return append(
                node, new Operation.Fixed(Shape.of(shape)), List.of(), Map.of("value", parameter(item, false, shape)));
    }

    /** Extents of a value or known tensor as the file counts them; the batch axis, if any, is -1. */
    int[] extents(Item item) {
        if (item.value() == null) {
            return item.constant() == null
                    ? new int[0]
                    : item.constant().shape().toArray();
        }
        int[] sample = item.value().shape();
        int[] all = new int[sample.length + lead];
        Arrays.fill(all, 0, lead, -1);
        System.arraycopy(sample, 0, all, lead, sample.length);
        return all;
    }

    List<Item> outputs() {
        List<Item> all = new ArrayList<>();
        model.outputs().forEach(port -> all.add(item(port.name())));
        return all;
    }
}
