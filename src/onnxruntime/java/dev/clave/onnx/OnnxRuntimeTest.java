package dev.clave.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.nn.Inference;
import dev.clave.nn.Layer;
import dev.clave.nn.Network;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exported models in ONNX Runtime, on every device and three batches; under the Maven profile onnxruntime only. */
class OnnxRuntimeTest {
    private static final Path FIXTURES = Path.of("src/test/resources/onnx");

    @ParameterizedTest
    @ValueSource(strings = {"relu", "tanh"})
    void ownNetworks(String name) throws OrtException {
        Network network = Network.of(name);
        Random random = new Random(11);
        Safetensors weights = new Safetensors();
        network.layer().parameters().forEach((key, parameter) -> {
            float[] values = new float[parameter.shape().elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (random.nextGaussian() / Math.sqrt(parameter.fanIn()));
            }
            weights.put(key, parameter.shape(), values);
        });
        check(name, network.layer(), network.inputShape(), weights);
    }

    @ParameterizedTest
    @ValueSource(strings = {"relu_lenet", "tanh_lenet", "resnet", "mobilenet", "mixed"})
    void importedNetworks(String name) throws OrtException {
        OnnxNetwork network = OnnxNetwork.of(OnnxModel.read(FIXTURES.resolve(name + ".onnx")));
        check(name, network.layer(), network.inputShape(), network.weights());
    }

    private static void check(String name, Layer layer, int[] sample, Safetensors weights) throws OrtException {
        byte[] model = OnnxExport.of(layer, sample, weights).toBytes();
        List<Device> devices = new ArrayList<>(List.of(Device.cpu()));
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(model)) {
            for (int batch : new int[] {1, 7, 64}) {
                float[] input = new float[batch * Shape.of(sample).elements()];
                Random random = new Random(batch);
                for (int i = 0; i < input.length; i++) {
                    input[i] = (float) random.nextGaussian();
                }
                float[] expected = run(session, batch, sample, input);
                for (Device device : devices) {
                    Graph graph = Graph.record(layer, sample);
                    try (Inference inference = new Inference(device, graph, weights, batch)) {
                        float[] got = (float[]) inference.run(List.of(input)).get(0);
                        assertEquals(expected.length, got.length);
                        for (int i = 0; i < got.length; i++) {
                            double bound = 1e-5 + 1e-4 * Math.abs(expected[i]);
                            assertEquals(expected[i], got[i], bound, name + " batch " + batch + " on " + device.name());
                        }
                    }
                }
            }
        } finally {
            devices.forEach(Device::close);
        }
    }

    private static float[] run(OrtSession session, int batch, int[] sample, float[] input) throws OrtException {
        long[] shape = new long[sample.length + 1];
        shape[0] = batch;
        for (int i = 0; i < sample.length; i++) {
            shape[i + 1] = sample[i];
        }
        String name = session.getInputNames().iterator().next();
        try (ai.onnxruntime.OnnxTensor tensor = ai.onnxruntime.OnnxTensor.createTensor(
                        OrtEnvironment.getEnvironment(), FloatBuffer.wrap(input), shape);
                OrtSession.Result result = session.run(Map.<String, OnnxTensorLike>of(name, tensor))) {
            FloatBuffer values = ((ai.onnxruntime.OnnxTensor) result.get(0)).getFloatBuffer();
            float[] output = new float[values.remaining()];
            values.get(output);
            return output;
        }
    }
}
