package dev.clave.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken and hostile files: a load succeeds or says what is wrong, in a small heap and in bounded time. */
class OnnxMutationTest {
    private static final int MUTATIONS = 2000;
    private static final List<String> MODELS = List.of("mixed", "mobilenet", "resnet");

    @Test
    void mutationsLoadOrAreRefused(@TempDir Path folder) throws Exception {
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx48m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OnnxMutationTest.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertTrue(process.waitFor(300, TimeUnit.SECONDS), "still running after 300 s:\n" + Files.readString(log));
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(log);
        System.out.print(text);
        assertEquals(0, process.exitValue(), text);
    }

    /** Runs all mutations; exits with 1 when one ends in anything but a load or a FormatException. */
    public static void main(String[] arguments) throws IOException {
        int loaded = 0;
        int refused = 0;
        int unnamed = 0;
        long slowest = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            Path file = Path.of("src/test/resources/onnx", MODELS.get(seed / 2 % MODELS.size()) + ".onnx");
            byte[] bytes = Files.readAllBytes(file);
            byte[] mutated = seed % 2 == 0 ? flipped(bytes, new Random(seed)) : restructured(bytes, new Random(seed));
            long begin = System.nanoTime();
            try {
                load("seed " + seed, mutated);
                loaded++;
            } catch (FormatException e) {
                refused++;
                unnamed += e.getMessage() == null || !e.getMessage().startsWith("seed " + seed) ? 1 : 0;
            } catch (Throwable e) {
                System.out.println("seed " + seed + " of " + file + ": " + e);
                e.printStackTrace(System.out);
                System.exit(1);
            }
            slowest = Math.max(slowest, System.nanoTime() - begin);
        }
        System.out.printf(
                java.util.Locale.ROOT,
                "ONNX mutations: %d loaded, %d refused, slowest %d ms%n",
                loaded,
                refused,
                slowest / 1_000_000);
        if (unnamed > 0 || loaded < MUTATIONS / 20 || refused < MUTATIONS / 5) {
            System.out.println(unnamed + " messages without the file's name, or mutations that test nothing");
            System.exit(1);
        }
    }

    /** As a network, and as a session on inputs of the shapes the file tells. */
    private static void load(String source, byte[] bytes) {
        OnnxModel model = OnnxModel.parse(source, bytes);
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

    @Test
    void theTreeWritesWhatItRead() throws IOException {
        for (String name : MODELS) {
            byte[] bytes = Files.readAllBytes(Path.of("src/test/resources/onnx", name + ".onnx"));
            assertArrayEquals(bytes, new ProtoTree(bytes).bytes(), name);
        }
    }
}
