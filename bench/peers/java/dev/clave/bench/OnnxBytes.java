package dev.clave.bench;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The ReLU LeNet as an ONNX file (opset 13), by hand: the field numbers are those of onnx.proto. Input {@code image}
 * [N,1,28,28], output {@code logits} [N,10].
 */
final class OnnxBytes {
    private static final int[][] SHAPES = {
        {6, 1, 3, 3}, {6}, {16, 6, 5, 5}, {16}, {120, 400}, {120}, {84, 120}, {84}, {10, 84}, {10}
    };
    private static final String[] LAYERS = {"features.0", "features.3", "classifier.0", "classifier.1", "classifier.2"};

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private OnnxBytes() {}

    /** The file's bytes for weights by PyTorch's names. */
    static byte[] relu(Map<String, float[]> weights) {
        OnnxBytes graph = new OnnxBytes();
        graph.node("Conv", "image features.0", "a", "kernel_shape 3 3", "pads 1 1 1 1")
                .node("Relu", "a", "b")
                .node("MaxPool", "b", "c", "kernel_shape 2 2", "strides 2 2")
                .node("Conv", "c features.3", "d", "kernel_shape 5 5")
                .node("Relu", "d", "e")
                .node("MaxPool", "e", "f", "kernel_shape 2 2", "strides 2 2")
                .node("Flatten", "f", "g")
                .node("Gemm", "g classifier.0", "h", "transB 1")
                .node("Gemm", "h classifier.1", "i", "transB 1")
                .node("Gemm", "i classifier.2", "logits", "transB 1")
                .text(2, "relu");
        for (int i = 0; i < SHAPES.length; i++) {
            String name = LAYERS[i / 2] + (i % 2 == 0 ? ".weight" : ".bias");
            graph.part(5, tensor(name, SHAPES[i], weights.get(name)));
        }
        graph.part(11, value("image", 1, 28, 28)).part(12, value("logits", 10));
        OnnxBytes opset = new OnnxBytes().text(1, "").number(2, 13);
        return new OnnxBytes().number(1, 7).part(7, graph).part(8, opset).out.toByteArray();
    }

    private OnnxBytes node(String type, String inputs, String output, String... attributes) {
        OnnxBytes node = new OnnxBytes();
        for (String input : inputs.split(" ", -1)) {
            if (input.contains(".")) {
                node.text(1, input + ".weight").text(1, input + ".bias");
            } else {
                node.text(1, input);
            }
        }
        node.text(2, output).text(4, type);
        for (String attribute : attributes) {
            String[] words = attribute.split(" ", -1);
            OnnxBytes field = new OnnxBytes().text(1, words[0]);
            if (words[0].equals("transB")) {
                field.number(3, Long.parseLong(words[1])).number(20, 2);
            } else {
                for (int i = 1; i < words.length; i++) {
                    field.number(8, Long.parseLong(words[i]));
                }
                field.number(20, 7);
            }
            node.part(5, field);
        }
        return part(1, node);
    }

    private static OnnxBytes tensor(String name, int[] shape, float... values) {
        OnnxBytes tensor = new OnnxBytes();
        for (int extent : shape) {
            tensor.number(1, extent);
        }
        ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return tensor.number(2, 1).text(8, name).bytes(9, raw.array());
    }

    private static OnnxBytes value(String name, int... extents) {
        OnnxBytes shape = new OnnxBytes().part(1, new OnnxBytes().text(2, "batch"));
        for (int extent : extents) {
            shape.part(1, new OnnxBytes().number(1, extent));
        }
        OnnxBytes type = new OnnxBytes().part(1, new OnnxBytes().number(1, 1).part(2, shape));
        return new OnnxBytes().text(1, name).part(2, type);
    }

    private OnnxBytes part(int field, OnnxBytes message) {
        return bytes(field, message.out.toByteArray());
    }

    private OnnxBytes text(int field, String text) {
        return bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }

    private OnnxBytes bytes(int field, byte... bytes) {
        varint(field << 3 | 2);
        varint(bytes.length);
        out.writeBytes(bytes);
        return this;
    }

    private OnnxBytes number(int field, long value) {
        varint((long) field << 3);
        varint(value);
        return this;
    }

    private void varint(long value) {
        long rest = value;
        while (rest >= 128) {
            out.write((int) (rest & 127 | 128));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
