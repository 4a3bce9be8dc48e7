package dev.clave.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One operator of an ONNX graph (NodeProto).
 *
 * @param name name of the node, may be empty
 * @param type name of the operator
 * @param domain empty for the standard operators
 * @param inputs names of tensors, empty for one that is left out
 * @param outputs names of the tensors it makes
 * @param attributes by name
 * @param offset byte in the file, -1 when it comes from none
 */
public record OnnxNode(
        String name,
        String type,
        String domain,
        List<String> inputs,
        List<String> outputs,
        Map<String, Attribute> attributes,
        int offset) {
    private static final int MOST_TENSORS = 1 << 12;
    private static final int MOST_ATTRIBUTES = 256;

    /** An attribute: float, int, text, tensor, or a list of floats or ints; {@code type} as ONNX numbers them. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Attribute(
            int type,
            float real,
            long whole,
            String text,
            @Nullable OnnxTensor tensor,
            float[] reals,
            long[] wholes) {
        static final int FLOAT = 1;
        static final int INT = 2;
        static final int STRING = 3;
        static final int TENSOR = 4;
        static final int FLOATS = 6;
        static final int INTS = 7;

        static Attribute of(float value) {
            return new Attribute(FLOAT, value, 0, "", null, new float[0], new long[0]);
        }

        static Attribute of(long value) {
            return new Attribute(INT, 0, value, "", null, new float[0], new long[0]);
        }

        static Attribute of(long... values) {
            return new Attribute(INTS, 0, 0, "", null, new float[0], values);
        }
    }

    static OnnxNode read(ProtoReader in) {
        int offset = in.offset();
        String name = "";
        String type = "";
        String domain = "";
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> inputs.add(in.text());
                case 2 -> outputs.add(in.text());
                case 3 -> name = in.text();
                case 4 -> type = in.text();
                case 5 -> attribute(in.message(), attributes);
                case 7 -> domain = in.text();
                default -> in.skip();
            }
            if (inputs.size() > MOST_TENSORS || outputs.size() > MOST_TENSORS || attributes.size() > MOST_ATTRIBUTES) {
                throw in.broken("node '" + name + "' has too many inputs, outputs or attributes");
            }
        }
        return new OnnxNode(name, type, domain, inputs, outputs, attributes, offset);
    }

    private static void attribute(ProtoReader in, Map<String, Attribute> attributes) {
        String name = "";
        int type = 0;
        float real = 0;
        long whole = 0;
        String text = "";
        OnnxTensor tensor = null;
        float[] reals = {};
        long[] wholes = {};
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> name = in.text();
                case 2 -> real = in.real();
                case 3 -> whole = in.whole();
                case 4 -> text = in.text();
                case 5 -> tensor = OnnxTensor.read(in.message());
                case 6, 11 -> throw in.broken("attribute '" + name + "' holds a graph; control flow is not supported");
                case 7 -> reals = in.reals(reals);
                case 8 -> wholes = in.wholes(wholes, MOST_TENSORS);
                case 20 -> type = in.small();
                default -> in.skip();
            }
        }
        if (attributes.put(name, new Attribute(type, real, whole, text, tensor, reals, wholes)) != null) {
            throw in.broken("attribute '" + name + "' is there twice");
        }
    }

    ProtoWriter write() {
        ProtoWriter out = new ProtoWriter();
        inputs.forEach(input -> out.text(1, input));
        outputs.forEach(output -> out.text(2, output));
        out.text(3, name).text(4, type);
        attributes.forEach((key, attribute) -> {
            ProtoWriter message = new ProtoWriter().text(1, key);
            switch (attribute.type) {
                case Attribute.FLOAT -> message.real(2, attribute.real);
                case Attribute.INT -> message.whole(3, attribute.whole);
                case Attribute.INTS -> {
                    // ONNX's schema is proto2: repeated numbers of attributes are not packed.
                    for (long value : attribute.wholes) {
                        message.whole(8, value);
                    }
                }
                default -> throw new IllegalArgumentException("attribute '" + key + "' is of type " + attribute.type);
            }
            out.message(5, message.whole(20, attribute.type));
        });
        return out;
    }

    @Override
    public String toString() {
        String label = name.isEmpty() && !outputs.isEmpty() ? outputs.get(0) : name;
        return "node '" + clipped(label) + "' (" + clipped(type) + ")";
    }

    /** Short enough for a message of one line. */
    private static String clipped(String text) {
        return text.length() <= 80 ? text : text.substring(0, 77) + "...";
    }
}
