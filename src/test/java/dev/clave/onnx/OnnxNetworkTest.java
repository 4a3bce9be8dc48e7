package dev.clave.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.nn.Inference;
import dev.clave.nn.Layer;
import dev.clave.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models made by PyTorch imported, exported and imported again; our own networks exported. */
class OnnxNetworkTest {
    private static final Path FIXTURES = Path.of("src/test/resources/onnx");
    private static final Path EXPORTS = Path.of("target/onnx-export");
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "relu_lenet",
                "tanh_lenet",
                "resnet",
                "resnet_dynamo",
                "mobilenet",
                "sized",
                "sized_dynamo",
                "mixed"
            })
    void pytorchModels(String name) throws IOException {
        OnnxModel model = OnnxModel.read(FIXTURES.resolve(name + ".onnx"));
        Safetensors data = Safetensors.read(FIXTURES.resolve(name + ".safetensors"));
        float[] expected = data.floats("output");
        int batch = data.shape("input").extent(0);
        OnnxNetwork network = OnnxNetwork.of(model);
        OnnxModel exported = OnnxExport.of(network.layer(), network.inputShape(), network.weights());
        OnnxNetwork again = OnnxNetwork.of(OnnxModel.parse("again", exported.toBytes()));
        assertEquals(
                Set.copyOf(network.weights().names()),
                Set.copyOf(again.weights().names()));
        write(name, network.layer(), network.inputShape(), network.weights());
        for (Device device : devices) {
            for (OnnxNetwork one : List.of(network, again)) {
                float[] got = run(device, one, batch, data.floats("input"));
                close(name + " on " + device.name(), expected, got);
            }
        }
        // The same model as a session, whole tensors.
        if (Arrays.stream(extents(model)).skip(1).noneMatch(e -> e < 0) && extents(model)[0] < 0) {
            for (Device device : devices) {
                try (OnnxSession session = new OnnxSession(device, model)) {
                    OnnxTensor input = OnnxTensor.of("image", data.shape("input"), data.floats("input"));
                    OnnxTensor output = session.run(Map.of("image", input)).get("scores");
                    assertEquals(data.shape("output"), output.shape());
                    close(name + " as a session on " + device.name(), expected, output.floats());
                }
            }
        }
    }

    private static int[] extents(OnnxModel model) {
        return java.util.Objects.requireNonNull(model.inputs().get(0).extents());
    }

    private static float[] run(Device device, OnnxNetwork network, int batch, float[] input) {
        Graph graph = Graph.record(network.layer(), network.inputShape());
        try (Inference inference = new Inference(device, graph, network.weights(), batch)) {
            return (float[]) inference.run(List.of(input)).get(0);
        }
    }

    private static void close(String what, float[] expected, float[] got) {
        assertEquals(expected.length, got.length, what);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], got[i], 1e-5 + 1e-4 * Math.abs(expected[i]), what + "[" + i + "]");
        }
    }

    /** What check_export.py runs in ONNX Runtime. */
    private static void write(String name, Layer layer, int[] inputShape, Safetensors weights) throws IOException {
        Files.createDirectories(EXPORTS);
        OnnxExport.of(layer, inputShape, weights).write(EXPORTS.resolve(name + ".onnx"));
        int elements = Shape.of(inputShape).elements();
        Random random = new Random(3);
        try (Device cpu = Device.cpu()) {
            for (int batch : new int[] {1, 7, 64}) {
                float[] input = new float[batch * elements];
                for (int i = 0; i < input.length; i++) {
                    input[i] = (float) random.nextGaussian();
                }
                Graph graph = Graph.record(layer, inputShape);
                try (Inference inference = new Inference(cpu, graph, weights, batch)) {
                    float[] output = (float[]) inference.run(List.of(input)).get(0);
                    Safetensors file = new Safetensors();
                    file.put("input", Shape.of(batched(batch, inputShape)), input);
                    int[] shape = graph.outputs().get(0).shape();
                    file.put("output", Shape.of(batched(batch, shape)), output);
                    file.write(EXPORTS.resolve(name + "." + batch + ".safetensors"));
                }
            }
        }
    }

    private static int[] batched(int batch, int[] sample) {
        int[] all = new int[sample.length + 1];
        all[0] = batch;
        System.arraycopy(sample, 0, all, 1, sample.length);
        return all;
    }

    private static Safetensors randomWeights(Layer layer) {
        Random random = new Random(11);
        Safetensors weights = new Safetensors();
        layer.parameters().forEach((name, parameter) -> {
            float[] values = new float[parameter.shape().elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (random.nextGaussian() / Math.sqrt(parameter.fanIn()));
            }
            weights.put(name, parameter.shape(), values);
        });
        return weights;
    }

    @ParameterizedTest
    @ValueSource(strings = {"relu", "tanh"})
    void ownNetworks(String name) throws IOException {
        Network own = Network.of(name);
        Safetensors weights = randomWeights(own.layer());
        write("own_" + name, own.layer(), own.inputShape(), weights);
        OnnxModel model = OnnxModel.read(EXPORTS.resolve("own_" + name + ".onnx"));
        assertEquals(-1, extents(model)[0], "the batch is free");
        assertEquals(own.layer().parameters().keySet(), model.initializers().keySet());
        OnnxNetwork network = OnnxNetwork.of(model);
        assertEquals(
                own.layer().parameters().keySet(), network.layer().parameters().keySet());
        for (int batch : new int[] {1, 7, 64}) {
            Safetensors data = Safetensors.read(EXPORTS.resolve("own_" + name + "." + batch + ".safetensors"));
            for (Device device : devices) {
                close(name + batch + device, data.floats("output"), run(device, network, batch, data.floats("input")));
            }
        }
        weights.metadata().put("network", name);
        float[] before = weights.floats("features.0.weight");
        assertArrayEquals(before, network.weights().floats("features.0.weight"));
    }

    /** One weight that nodes turn, scale or add to differently: each gets values of its own, whatever the shapes are. */
    @Test
    void tiedWeightsKeepTheirUses() {
        OnnxTensor weight = OnnxTensor.of("w", Shape.of(2, 2), new float[] {1, 2, 3, 4});
        OnnxTensor bias = OnnxTensor.of("b", Shape.of(2), new float[] {1, -1});
        Map<String, OnnxNode.Attribute> turned = Map.of("transB", OnnxNode.Attribute.of(1));
        List<OnnxNode> nodes = List.of(
                new OnnxNode("p", "Gemm", "", List.of("x", "w", "b"), List.of("p"), turned, -1),
                new OnnxNode("q", "Gemm", "", List.of("p", "w", "b"), List.of("q"), Map.of(), -1),
                new OnnxNode(
                        "r",
                        "Gemm",
                        "",
                        List.of("q", "w", "b"),
                        List.of("r"),
                        Map.of("alpha", OnnxNode.Attribute.of(2f), "beta", OnnxNode.Attribute.of(3f)),
                        -1),
                new OnnxNode("y", "MatMul", "", List.of("r", "w"), List.of("y"), Map.of(), -1));
        OnnxModel model = new OnnxModel(
                "file",
                "",
                13,
                nodes,
                List.of(new OnnxModel.Port("x", OnnxTensor.FLOAT, new int[] {-1, 2})),
                List.of(new OnnxModel.Port("y", OnnxTensor.FLOAT, new int[] {-1, 2})),
                Map.of("w", weight, "b", bias));
        OnnxNetwork network = OnnxNetwork.of(OnnxModel.parse("file", model.toBytes()));
        // As written, turned, and turned and doubled; the product at the end reads the second again.
        assertEquals(
                3,
                network.weights().names().stream()
                        .filter(name -> network.weights().shape(name).rank() == 2)
                        .count());
        Graph graph = Graph.record(network.layer(), network.inputShape());
        for (Device device : devices) {
            try (Inference inference = new Inference(device, graph, network.weights(), 1)) {
                float[] result =
                        (float[]) inference.run(List.of(new float[] {1, 1})).get(0);
                assertArrayEquals(new float[] {1246, 1818}, result);
            }
        }
    }

    @Test
    void refusalsNameTheNode() {
        assertTrue(refusal("LSTM", "").contains("node 'n' (LSTM): operator LSTM is not supported"));
        assertTrue(refusal("Relu", "com.example").contains("operators of domain 'com.example'"));
        assertTrue(refusal("Gemm", "").contains("node 'n' (Gemm): input 1 is missing"));
        OnnxNode transpose = new OnnxNode(
                "t", "Transpose", "", List.of("x"), List.of("y"), Map.of("perm", OnnxNode.Attribute.of(1, 0)), -1);
        assertTrue(refusal(transpose).contains("moves the batch axis"));
        OnnxNode late = new OnnxNode("l", "Relu", "", List.of("z"), List.of("y"), Map.of(), -1);
        assertTrue(refusal(late).contains("reads 'z', which nothing before it makes"));
    }

    /** The length of the batch axis is open: Reshape may copy it in front, and nobody may know it. */
    @Test
    void theBatchStaysInFront() {
        OnnxNode shape = new OnnxNode("s", "Shape", "", List.of("x"), List.of("s"), Map.of(), -1);
        for (String order : List.of("same", "turned")) {
            OnnxNode pick = new OnnxNode("p", "Gather", "", List.of("s", order), List.of("p"), Map.of(), -1);
            OnnxNode reshape = new OnnxNode("r", "Reshape", "", List.of("x", "p"), List.of("y"), Map.of(), -1);
            OnnxModel model = new OnnxModel(
                    "file",
                    "",
                    13,
                    List.of(shape, pick, reshape),
                    List.of(new OnnxModel.Port("x", OnnxTensor.FLOAT, new int[] {-1, 4})),
                    List.of(new OnnxModel.Port("y", OnnxTensor.FLOAT, new int[] {-1, 4})),
                    Map.of(
                            "same", OnnxTensor.of("same", Shape.of(2), new long[] {0, 1}),
                            "turned", OnnxTensor.of("turned", Shape.of(2), new long[] {-1, 0})));
            if (order.equals("same")) {
                OnnxNetwork network = OnnxNetwork.of(model);
                float[] input = {1, 2, 3, 4, 5, 6, 7, 8};
                devices.forEach(device -> assertArrayEquals(input, run(device, network, 2, input)));
            } else {
                String message = message(() -> OnnxNetwork.of(model));
                assertTrue(message.contains("node 'r' (Reshape): moves the batch axis to axis 1"), message);
            }
        }
    }

    private static String refusal(String type, String domain) {
        return refusal(new OnnxNode("n", type, domain, List.of("x"), List.of("y"), Map.of(), -1));
    }

    private static String refusal(OnnxNode node) {
        OnnxModel model = new OnnxModel(
                "file",
                "",
                13,
                List.of(node),
                List.of(new OnnxModel.Port("x", OnnxTensor.FLOAT, new int[] {-1, 4})),
                List.of(new OnnxModel.Port("y", OnnxTensor.FLOAT, new int[] {-1, 4})),
                Map.of());
        // Domains are read from files only, nobody writes them.
        if (!node.domain().isEmpty()) {
            return message(() -> OnnxNetwork.of(model));
        }
        return message(() -> OnnxNetwork.of(OnnxModel.parse("file", model.toBytes())));
    }

    private static String message(Runnable action) {
        return String.valueOf(assertThrows(FormatException.class, action::run).getMessage());
    }
}
