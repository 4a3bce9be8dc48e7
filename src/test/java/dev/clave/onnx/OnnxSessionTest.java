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
