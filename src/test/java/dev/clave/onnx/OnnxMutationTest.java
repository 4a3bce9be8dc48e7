package dev.clave.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken and hostile files: a load succeeds or says what is wrong, in a small heap and in bounded time. */
class OnnxMutationTest {
    private static final int MUTATIONS = 2000;

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
            Path file = OnnxMutations.file(seed);
            byte[] mutated = OnnxMutations.mutated(seed);
            long begin = System.nanoTime();
            try {
                OnnxMutations.load(OnnxModel.parse("seed " + seed, mutated));
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

    @Test
    void theTreeWritesWhatItRead() throws IOException {
        for (String name : OnnxMutations.MODELS) {
            byte[] bytes = Files.readAllBytes(Path.of("src/test/resources/onnx", name + ".onnx"));
            assertArrayEquals(bytes, new ProtoTree(bytes).bytes(), name);
        }
    }
}
