package dev.clave.onnx;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Changed ONNX files: even seeds change bytes, odd ones fields of the message with every length right. */
public final class OnnxMutations {
    static final List<String> MODELS = List.of("mixed", "mobilenet", "resnet");

    private OnnxMutations() {}

    static Path file(int seed) {
        return Path.of("src/test/resources/onnx", MODELS.get(seed / 2 % MODELS.size()) + ".onnx");
    }

    /** The file of a seed. */
    public static byte[] mutated(int seed) throws IOException {
        byte[] bytes = Files.readAllBytes(file(seed));
        return seed % 2 == 0 ? flipped(bytes, new Random(seed)) : restructured(bytes, new Random(seed));
    }

    /** As a network, and as a session on inputs of the shapes the file tells. */
    public static void load(OnnxModel model) {
        String source = model.source();
        OnnxReport.lines(model);
        FormatException first = null;
        try {
            OnnxNetwork network = OnnxNetwork.of(model);
            OnnxExport.of(network.layer(), network.inputShape(), network.weights());
        } catch (FormatException e) {
            first = e;
        }
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (OnnxModel.Port port : model.givenInputs()) {
            int[] extents =
                    port.extents() == null ? new int[] {2, 4} : port.extents().clone();
            Arrays.setAll(extents, i -> extents[i] < 0 ? 3 : Math.min(extents[i], 32));
            if (extents.length > 5) {
                throw new FormatException(source, -1, "more axes than this test feeds");
            }
            Shape shape = Shape.of(extents);
            if (shape.elements() > 1 << 20) {
                throw new FormatException(source, -1, "more elements than this test feeds");
            }
            inputs.put(
                    port.name(),
                    port.type() == OnnxTensor.INT64
                            ? OnnxTensor.of(port.name(), shape, new long[shape.elements()])
                            : OnnxTensor.of(port.name(), shape, new float[shape.elements()]));
        }
        try (Device cpu = Device.cpu();
                OnnxSession session = new OnnxSession(cpu, model)) {
            session.record(inputs);
        }
        if (first != null) {
            throw first;
        }
    }

    /** Bytes changed, cut, doubled or inserted anywhere. */
    private static byte[] flipped(byte[] bytes, Random random) {
        byte[] mutated = bytes.clone();
        // Half of the changes hit the structure at the begin, not the weights.
        int reach = random.nextBoolean() ? Math.min(600, bytes.length) : bytes.length;
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(Math.min(reach, mutated.length));
            switch (random.nextInt(4)) {
                case 0 -> mutated[at] = (byte) random.nextInt(256);
                case 1 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> {
                    int count = Math.min(1 + random.nextInt(16), mutated.length - at - 1);
                    byte[] shorter = Arrays.copyOf(mutated, mutated.length - count);
                    System.arraycopy(mutated, at + count, shorter, at, mutated.length - at - count);
                    mutated = shorter;
                }
                default -> mutated = random.nextInt(4) == 0 ? Arrays.copyOf(mutated, Math.max(1, at)) : mutated;
            }
        }
        return mutated;
    }

    private static byte[] restructured(byte[] bytes, Random random) {
        ProtoTree tree = new ProtoTree(bytes);
        tree.mutate(random);
        return tree.bytes();
    }
}
