package dev.clave.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whole models of several inputs and outputs, on every device, with results worked out by hand. */
class OnnxSessionTest {
    private final List<Device> devices = new ArrayList<>();

    @BeforeEach
    void open() {
        devices.add(Device.cpu());
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
    }

    @AfterEach
    void close() {
        devices.forEach(Device::close);
    }

    private static OnnxNode node(
            String type, List<String> reads, List<String> makes, Map<String, OnnxNode.Attribute> attributes) {
        return new OnnxNode("", type, "", reads, makes, attributes, -1);
    }

    private static OnnxModel.Port port(String name, int type, int... extents) {
        return new OnnxModel.Port(name, type, extents);
    }

    private static OnnxModel.Port real(String name, int... extents) {
        return port(name, OnnxTensor.FLOAT, extents);
    }

    private static OnnxModel model(
            List<OnnxNode> nodes, List<OnnxModel.Port> inputs, List<OnnxModel.Port> outputs, OnnxTensor... known) {
        Map<String, OnnxTensor> initializers = new HashMap<>();
        for (OnnxTensor tensor : known) {
            initializers.put(tensor.name(), tensor);
        }
        OnnxModel model = new OnnxModel("test", "", 13, nodes, inputs, outputs, initializers);
        return OnnxModel.parse("test", model.toBytes());
    }

    private static OnnxTensor floats(String name, Shape shape, double... values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return OnnxTensor.of(name, shape, narrow);
    }

    private static OnnxTensor counted(String name, int... extents) {
        float[] values = new float[Shape.of(extents).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return OnnxTensor.of(name, Shape.of(extents), values);
    }

    private void onEveryDevice(OnnxModel model, Consumer<OnnxSession> body) {
        for (Device device : devices) {
            try (OnnxSession session = new OnnxSession(device, model)) {
                body.accept(session);
            }
        }
    }

    @Test
    void indicesOfPoolingUnpool() {
        Map<String, OnnxNode.Attribute> window =
                Map.of("kernel_shape", OnnxNode.Attribute.of(2, 2), "strides", OnnxNode.Attribute.of(2, 2));
        OnnxModel model = model(
                List.of(
                        node("MaxPool", List.of("x"), List.of("y", "where"), window),
                        node("MaxUnpool", List.of("y", "where"), List.of("z"), window)),
                List.of(real("x", 2, 1, 2, 4)),
                List.of(real("y"), port("where", OnnxTensor.INT64), real("z")));
        onEveryDevice(model, session -> {
            double[] x = {1, 5, 2, 2, 3, 4, 2, 2, 0, 0, -1, -2, 0, 7, -3, -1};
            Map<String, OnnxTensor> out = session.run(Map.of("x", floats("x", Shape.of(2, 1, 2, 4), x)));
            assertArrayEquals(new float[] {5, 2, 7, -1}, out.get("y").floats());
            // Counted over the whole tensor; of equal maxima the first.
            assertArrayEquals(new long[] {1, 2, 13, 10}, out.get("where").wholes());
            float[] z = new float[16];
            z[1] = 5;
            z[2] = 2;
            z[13] = 7;
            z[10] = -1;
            assertArrayEquals(z, out.get("z").floats());
        });
    }

    /** Constants are whole tensors here, of no sample in particular. */
    @Test
    void constantsMeetInputs() {
        OnnxModel model = model(
                List.of(
                        node("Add", List.of("x", "row"), List.of("a"), Map.of()),
                        node("Mul", List.of("two", "a"), List.of("b"), Map.of()),
                        node("MatMul", List.of("b", "turn"), List.of("c"), Map.of()),
                        node("MatMul", List.of("turn", "c"), List.of("d"), Map.of()),
                        node("Gemm", List.of("d", "turn", "row"), List.of("y"), Map.of())),
                List.of(real("x", 2, 2)),
                List.of(real("y")),
                floats("row", Shape.of(2), 1, -1),
                floats("two", Shape.of(), 2),
                floats("turn", Shape.of(2, 2), 0, 1, -1, 0));
        onEveryDevice(model, session -> {
            Map<String, OnnxTensor> out = session.run(Map.of("x", counted("x", 2, 2)));
            // a = [1 0; 3 2], b = [2 0; 6 4], c = [0 2; -4 6], d = [-4 6; 0 -2], d turned = [-6 -4; 2 0].
            assertArrayEquals(new float[] {-5, -5, 3, -1}, out.get("y").floats());
        });
    }

    private static OnnxTensor wholes(String name, long... values) {
        return OnnxTensor.of(name, Shape.of(values.length), values);
    }

    @Test
    void meansAlongAnyAxes() {
        Map<String, OnnxNode.Attribute> flat = Map.of("keepdims", OnnxNode.Attribute.of(0));
        OnnxModel model = model(
                List.of(
                        node("ReduceMean", List.of("x", "last"), List.of("a"), Map.of()),
                        node("ReduceMean", List.of("x", "outer"), List.of("b"), flat),
                        node(
                                "ReduceMean",
                                List.of("x"),
                                List.of("c"),
                                Map.of(
                                        "axes",
                                        OnnxNode.Attribute.of(new long[] {1}),
                                        "keepdims",
                                        OnnxNode.Attribute.of(1))),
                        node("ReduceMean", List.of("x"), List.of("d"), flat),
                        node(
                                "ReduceMean",
                                List.of("x"),
                                List.of("e"),
                                Map.of("noop_with_empty_axes", OnnxNode.Attribute.of(1)))),
                List.of(real("x", 2, 3, 4)),
                List.of(real("a"), real("b"), real("c"), real("d"), real("e")),
                wholes("last", -1),
                wholes("outer", 2, 0));
        onEveryDevice(model, session -> {
            Map<String, OnnxTensor> out = session.run(Map.of("x", counted("x", 2, 3, 4)));
            assertEquals(Shape.of(2, 3, 1), out.get("a").shape());
            assertArrayEquals(
                    new float[] {1.5f, 5.5f, 9.5f, 13.5f, 17.5f, 21.5f},
                    out.get("a").floats());
            assertEquals(Shape.of(3), out.get("b").shape());
            assertArrayEquals(new float[] {7.5f, 11.5f, 15.5f}, out.get("b").floats());
            assertEquals(Shape.of(2, 1, 4), out.get("c").shape());
            assertArrayEquals(
                    new float[] {4, 5, 6, 7, 16, 17, 18, 19}, out.get("c").floats(), 1e-5f);
            assertEquals(Shape.of(), out.get("d").shape());
            assertArrayEquals(new float[] {11.5f}, out.get("d").floats(), 1e-5f);
            assertArrayEquals(counted("x", 2, 3, 4).floats(), out.get("e").floats());
        });
    }

    /** What exporters write to keep the first axes of a tensor and join the rest. */
    @Test
    void shapesAreComputed() {
        OnnxModel model = model(
                List.of(
                        node("Shape", List.of("x"), List.of("all"), Map.of()),
                        node("Slice", List.of("all", "zero", "one"), List.of("n"), Map.of()),
                        node("Gather", List.of("all", "minus"), List.of("w"), Map.of()),
                        node("Unsqueeze", List.of("w", "zero"), List.of("w1"), Map.of()),
                        node(
                                "Cast",
                                List.of("w1"),
                                List.of("w2"),
                                Map.of("to", OnnxNode.Attribute.of(OnnxTensor.INT64))),
                        node(
                                "Concat",
                                List.of("n", "w2", "minus1"),
                                List.of("to"),
                                Map.of("axis", OnnxNode.Attribute.of(0))),
                        node("Reshape", List.of("x", "to"), List.of("r"), Map.of()),
                        node("Unsqueeze", List.of("r", "ends"), List.of("u"), Map.of()),
                        node("Squeeze", List.of("u", "zero"), List.of("s"), Map.of()),
                        node("Squeeze", List.of("u"), List.of("y"), Map.of())),
                List.of(real("x", -1, 3, 4)),
                List.of(real("u"), real("s"), real("y"), port("to", OnnxTensor.INT64)),
                wholes("zero", 0),
                wholes("one", 1),
                wholes("minus1", -1),
                wholes("ends", 0, -1),
                OnnxTensor.of("minus", Shape.of(), new long[] {-1}));
        onEveryDevice(model, session -> {
            Map<String, OnnxTensor> out = session.run(Map.of("x", counted("x", 2, 3, 4)));
            assertArrayEquals(new long[] {2, 4, -1}, out.get("to").wholes());
            assertEquals(Shape.of(1, 2, 4, 3, 1), out.get("u").shape());
            assertEquals(Shape.of(2, 4, 3, 1), out.get("s").shape());
            assertEquals(Shape.of(2, 4, 3), out.get("y").shape());
            assertArrayEquals(counted("x", 2, 3, 4).floats(), out.get("y").floats());
        });
        for (OnnxNode wrong : List.of(
                node("Squeeze", List.of("x", "one"), List.of("y"), Map.of()),
                node("Unsqueeze", List.of("x", "twice"), List.of("y"), Map.of()),
                node("Unsqueeze", List.of("x"), List.of("y"), Map.of()),
                node("Gather", List.of("x", "one"), List.of("y"), Map.of()),
                node("Gather", List.of("one", "one"), List.of("y"), Map.of()),
                node("Slice", List.of("one", "zero", "x"), List.of("y"), Map.of()),
                node("Slice", List.of("one", "zero", "one", "zero", "twice"), List.of("y"), Map.of()),
                node("Cast", List.of("x"), List.of("y"), Map.of("to", OnnxNode.Attribute.of(OnnxTensor.INT64))),
                node("Concat", List.of("one", "x"), List.of("y"), Map.of("axis", OnnxNode.Attribute.of(0))),
                node("ReduceMean", List.of("x", "twelve"), List.of("y"), Map.of()))) {
            OnnxModel broken = model(
                    List.of(wrong),
                    List.of(real("x", 2, 3, 4)),
                    List.of(real("y")),
                    wholes("zero", 0),
                    wholes("one", 1),
                    wholes("twice", 2, 2),
                    wholes("twelve", 12));
            try (OnnxSession session = new OnnxSession(devices.get(0), broken)) {
                String message = refusal(() -> session.run(Map.of("x", counted("x", 2, 3, 4))));
                assertTrue(message.contains("(" + wrong.type() + ")"), message);
            }
        }
    }

    @Test
    void shapesAndModesGivenAtRunTimeCompileAgain() {
        OnnxModel model = model(
                List.of(
                        node("Reshape", List.of("x", "shape"), List.of("r"), Map.of()),
                        node("Transpose", List.of("r"), List.of("t"), Map.of()),
                        node("Dropout", List.of("t", "ratio", "training"), List.of("y", "mask"), Map.of())),
                List.of(
                        real("x", -1, 6),
                        port("shape", OnnxTensor.INT64, 2),
                        real("ratio"),
                        port("training", OnnxTensor.BOOL)),
                List.of(real("y"), port("mask", OnnxTensor.BOOL)));
        onEveryDevice(model, session -> {
            Map<String, OnnxTensor> inputs = new HashMap<>();
            inputs.put("x", counted("x", 1, 6));
            inputs.put("shape", OnnxTensor.of("shape", Shape.of(2), new long[] {2, -1}));
            inputs.put("ratio", floats("ratio", Shape.of(), 0.5));
            inputs.put("training", new OnnxTensor("training", OnnxTensor.BOOL, Shape.of(), null, new long[] {0}));
            Map<String, OnnxTensor> out = session.run(inputs);
            assertEquals(Shape.of(3, 2), out.get("y").shape());
            assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, out.get("y").floats());
            assertArrayEquals(new long[] {1, 1, 1, 1, 1, 1}, out.get("mask").wholes());
            inputs.put("shape", OnnxTensor.of("shape", Shape.of(2), new long[] {3, 2}));
            assertArrayEquals(
                    new float[] {0, 2, 4, 1, 3, 5}, session.run(inputs).get("y").floats());
            inputs.put("training", new OnnxTensor("training", OnnxTensor.BOOL, Shape.of(), null, new long[] {1}));
            assertTrue(refusal(() -> session.run(inputs)).contains("draws a random mask"));
            inputs.put("ratio", floats("ratio", Shape.of(), 0));
            assertArrayEquals(
                    new float[] {0, 2, 4, 1, 3, 5}, session.run(inputs).get("y").floats());
        });
    }

    @Test
    void axesBroadcastAndBounds() {
        OnnxModel model = model(
                List.of(
                        node("Concat", List.of("x", "k", "x"), List.of("c"), Map.of("axis", OnnxNode.Attribute.of(0))),
                        node("Sub", List.of("c", "row"), List.of("s"), Map.of()),
                        node("Clip", List.of("s", "", "most"), List.of("y"), Map.of()),
                        node("Softmax", List.of("x"), List.of("p"), Map.of("axis", OnnxNode.Attribute.of(0))),
                        node("MatMul", List.of("row", "x"), List.of("m"), Map.of())),
                List.of(real("x", 2, 2), real("most")),
                List.of(real("y"), real("p"), real("m")),
                floats("k", Shape.of(1, 2), 10, 20),
                floats("row", Shape.of(2), 1, 2));
        onEveryDevice(model, session -> {
            Map<String, OnnxTensor> out =
                    session.run(Map.of("x", counted("x", 2, 2), "most", floats("most", Shape.of(), 9)));
            assertEquals(Shape.of(5, 2), out.get("y").shape());
            assertArrayEquals(
                    new float[] {-1, -1, 1, 1, 9, 9, -1, -1, 1, 1}, out.get("y").floats());
            float low = (float) (1 / (1 + Math.exp(2)));
            assertArrayEquals(
                    new float[] {low, low, 1 - low, 1 - low}, out.get("p").floats(), 1e-6f);
            assertArrayEquals(new float[] {4, 7}, out.get("m").floats());
        });
    }

    @Test
    void weightsMayBeInputs() {
        OnnxModel model = model(
                List.of(
                        node("Conv", List.of("x", "w", "b"), List.of("c"), Map.of()),
                        node("ConvTranspose", List.of("c", "w"), List.of("t"), Map.of()),
                        node("BatchNormalization", List.of("c", "b", "b", "b", "v"), List.of("n"), Map.of())),
                List.of(real("x", 1, 1, 3), real("w", 1, 1, 2), real("b", 1), real("v", 1)),
                List.of(real("c"), real("t"), real("n")));
        onEveryDevice(model, session -> {
            Map<String, OnnxTensor> out = session.run(Map.of(
                    "x", counted("x", 1, 1, 3),
                    "w", floats("w", Shape.of(1, 1, 2), 1, 10),
                    "b", floats("b", Shape.of(1), 2),
                    "v", floats("v", Shape.of(1), 4)));
            assertArrayEquals(new float[] {12, 23}, out.get("c").floats());
            assertArrayEquals(new float[] {12, 143, 230}, out.get("t").floats());
            assertArrayEquals(new float[] {12, 23}, out.get("n").floats(), 1e-3f);
        });
    }

    @Test
    void wrongInputsAreNamed() {
        OnnxModel model = model(
                List.of(node("Relu", List.of("x"), List.of("y"), Map.of())), List.of(real("x", 2)), List.of(real("y")));
        try (OnnxSession session = new OnnxSession(devices.get(0), model)) {
            assertTrue(message(() -> session.run(Map.of())).contains("input 'x' is missing"));
            assertTrue(message(() -> session.run(Map.of("x", counted("x", 3)))).contains("x FLOAT[2], got FLOAT[3]"));
            assertTrue(message(() -> session.run(Map.of("x", OnnxTensor.of("x", Shape.of(2), new long[2]))))
                    .contains("is FLOAT, got INT64[2]"));
        }
        OnnxModel whole = model(
                List.of(node("Relu", List.of("x"), List.of("y"), Map.of())),
                List.of(port("x", OnnxTensor.INT64, 2)),
                List.of(real("y")));
        try (OnnxSession session = new OnnxSession(devices.get(0), whole)) {
            OnnxTensor tensor = OnnxTensor.of("x", Shape.of(2), new long[2]);
            assertTrue(refusal(() -> session.run(Map.of("x", tensor))).contains("the model reads no tensor of FLOAT"));
        }
    }

    @Test
    void hostileTextsAndListsAreRefused() {
        byte[] name = {'a', 27, '['};
        ProtoWriter node = new ProtoWriter().data(3, name);
        byte[] model =
                new ProtoWriter().message(7, new ProtoWriter().message(1, node)).bytes();
        assertTrue(refusal(() -> OnnxModel.parse("f", model)).contains("a text with control characters"));
        ProtoWriter tensor = new ProtoWriter().wholes(1, new long[1000]);
        byte[] many = new ProtoWriter()
                .message(7, new ProtoWriter().message(5, tensor))
                .bytes();
        assertTrue(refusal(() -> OnnxModel.parse("f", many)).contains("more than 16 numbers"));
        ProtoWriter external = new ProtoWriter().whole(2, 1).whole(14, 1);
        byte[] other = new ProtoWriter()
                .message(7, new ProtoWriter().message(5, external))
                .bytes();
        assertTrue(refusal(() -> OnnxModel.parse("f", other)).contains("lies in another file"));
        ProtoWriter huge =
                new ProtoWriter().wholes(1, new long[] {1 << 30, 1 << 30}).whole(2, 1);
        byte[] large =
                new ProtoWriter().message(7, new ProtoWriter().message(5, huge)).bytes();
        assertTrue(refusal(() -> OnnxModel.parse("f", large)).contains("elements"));
        assertTrue(refusal(() -> OnnxModel.parse("f", Arrays.copyOf(large, large.length - 1)))
                .contains("f at byte"));
    }

    private static String refusal(Runnable action) {
        return String.valueOf(assertThrows(FormatException.class, action::run).getMessage());
    }

    private static String message(Runnable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }
}
