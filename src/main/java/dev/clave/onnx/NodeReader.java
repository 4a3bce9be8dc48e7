package dev.clave.onnx;

import dev.clave.Shape;
import dev.clave.nn.Operation;
import dev.clave.nn.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What every kind of node needs: its inputs as values or known tensors, axes, and a place to record operations. */
class NodeReader {
    final Importer importer;
    final OnnxNode node;
    final Attributes attributes;

    NodeReader(Importer importer, OnnxNode node, Attributes attributes) {
        this.importer = importer;
        this.node = node;
        this.attributes = attributes;
    }

    int lead() {
        return importer.lead();
    }

    boolean has(int input) {
        return input < node.inputs().size() && !node.inputs().get(input).isEmpty();
    }

    Item item(int input) {
        if (!has(input)) {
            throw attributes.refuse("input " + input + " is missing");
        }
        return importer.item(node.inputs().get(input));
    }

    /** Whether an input is known and not computed. */
    boolean isKnown(int input) {
        return item(input).constant() != null;
    }

    /** An input that depends on what the network reads; whole models take known tensors too. */
    Value value(int input) {
        Item item = item(input);
        if (item.offsets() != null) {
            throw attributes.refuse("input '" + item.name() + "' holds offsets, numbers are expected");
        }
        if (item.value() != null) {
            return item.value();
        }
        if (lead() == 1) {
            throw attributes.refuse("input '" + item.name() + "' does not depend on the batch");
        }
        return importer.fixed(node, item);
    }

    /** An input as a value, shared by all samples when it is known. */
    Value valueOrShared(int input) {
        return isKnown(input) ? importer.fixed(node, item(input)) : value(input);
    }

    /** Whole numbers known while the graph is made. */
    long[] wholes(int input) {
        Item item = item(input);
        if (item.constant() == null || item.constant().wholes() == null) {
            throw attributes.refuse(
                    "input '" + item.name() + "' must be whole numbers known beforehand: an initialiser, a "
                            + "constant or an input of a session");
        }
        return item.constant().wholes();
    }

    /** Axes as an input, or as an attribute like older versions; null when absent. */
    long @Nullable [] axes() {
        OnnxNode.Attribute attribute = attributes.get("axes", OnnxNode.Attribute.INTS);
        return has(1) ? wholes(1) : attribute == null ? null : attribute.wholes();
    }

    int[] extents(int input) {
        return importer.extents(item(input));
    }

    /** An axis of a tensor of a rank as the file counts, negative ones from the end. */
    int axis(long given, int rank) {
        if (given < -rank || given >= rank) {
            throw attributes.refuse("axis " + given + " of a tensor of rank " + rank);
        }
        return (int) (given < 0 ? given + rank : given);
    }

    /** The axis of a value that an axis of the file is; the batch axis is refused. */
    int sampleAxis(int axis) {
        if (axis < lead()) {
            throw attributes.refuse("works along the batch axis; run the model as a session");
        }
        return axis - lead();
    }

    Value append(Operation operation, Value... values) {
        return importer.append(node, operation, List.of(values), Map.of());
    }

    Value view(Value value, int... shape) {
        return Arrays.equals(value.shape(), shape) ? value : append(new Operation.View(Shape.of(shape)), value);
    }

    void put(int output, Item item) {
        if (output < node.outputs().size() && !node.outputs().get(output).isEmpty()) {
            importer.define(node.outputs().get(output), item);
        }
    }

    void put(Value value) {
        put(0, Item.of(node.outputs().get(0), value));
    }

    boolean wants(int output) {
        return output < node.outputs().size() && !node.outputs().get(output).isEmpty();
    }

    static int product(int... extents) {
        return Shape.of(extents).elements();
    }

    @Nullable
    Item optional(int input) {
        return has(input) ? item(input) : null;
    }
}
