package dev.clave.onnx;

import dev.clave.FormatException;
import dev.clave.onnx.OnnxNode.Attribute;
import org.jspecify.annotations.Nullable;

/** Attributes of a node by name and type, with defaults, and the messages that name the node. */
final class Attributes {
    private final String source;
    private final OnnxNode node;

    Attributes(String source, OnnxNode node) {
        this.source = source;
        this.node = node;
    }

    /** An error that names the node. */
    FormatException refuse(String why) {
        return new FormatException(source, node.offset(), node + ": " + why);
    }

    boolean has(String name) {
        return node.attributes().containsKey(name);
    }

    @Nullable
    Attribute get(String name, int type) {
        Attribute attribute = node.attributes().get(name);
        if (attribute != null && attribute.type() != type) {
            throw refuse("attribute '" + name + "' has type " + attribute.type() + ", expected " + type);
        }
        return attribute;
    }

    double real(String name, double otherwise) {
        Attribute attribute = get(name, Attribute.FLOAT);
        return attribute == null ? otherwise : attribute.real();
    }

    long whole(String name, long otherwise) {
        Attribute attribute = get(name, Attribute.INT);
        return attribute == null ? otherwise : attribute.whole();
    }

    int small(String name, int otherwise) {
        long value = whole(name, otherwise);
        if (value != (int) value) {
            throw refuse("attribute '" + name + "' is " + value);
        }
        return (int) value;
    }

    String text(String name, String otherwise) {
        Attribute attribute = get(name, Attribute.STRING);
        return attribute == null ? otherwise : attribute.text();
    }

    /** A list of ints of a length; otherwise, when absent. */
    int @Nullable [] ints(String name, int length, int @Nullable [] otherwise) {
        Attribute attribute = get(name, Attribute.INTS);
        if (attribute == null) {
            return otherwise;
        }
        if (length >= 0 && attribute.wholes().length != length) {
            throw refuse("attribute '" + name + "' has " + attribute.wholes().length + " numbers, expected " + length);
        }
        return ints(name, attribute.wholes());
    }

    int[] ints(String what, long[] wholes) {
        int[] values = new int[wholes.length];
        for (int i = 0; i < values.length; i++) {
            if (wholes[i] != (int) wholes[i]) {
                throw refuse("'" + what + "' holds " + wholes[i]);
            }
            values[i] = (int) wholes[i];
        }
        return values;
    }
}
