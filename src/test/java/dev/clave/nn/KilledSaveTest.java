package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.io.Safetensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A kill during a save leaves the old or the new file, and a file system that takes no more leaves the old one. */
class KilledSaveTest {
    @TempDir
    private Path folder;

    private static List<String> java(Path file, int saves) {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SaveLoop.class.getName(),
                file.toString(),
                String.valueOf(saves)));
    }

    private static float[] weights(Path file) {
        Safetensors read = WeightsFile.read(file);
        assertTrue(read.metadata().containsKey(WeightsFile.CHECKSUM));
        float[] values = read.floats(SaveLoop.WEIGHT);
        for (float value : values) {
            assertEquals(values[0], value, "a mixture of two files");
        }
        return values;
    }

    /** Three kills, or as many as the property clave.kills says. */
    @Test
    void killsLeaveAWholeFile() throws IOException, InterruptedException {
        Path file = folder.resolve("c.safetensors");
        Random random = new Random(1);
        int kills = Integer.getInteger("clave.kills", 3);
        int most = 0;
        for (int i = 0; i < kills; i++) {
            Process process = new ProcessBuilder(java(file, Integer.MAX_VALUE))
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
                assertEquals("saved", out.readLine());
                Thread.sleep(random.nextInt(60));
                process.destroyForcibly();
                assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            }
            most = Math.max(most, (int) weights(file)[0]);
        }
        System.out.println(kills + " kills, after up to " + most + " saves");
        try (var files = Files.list(folder)) {
            // Left-overs of earlier kills are removed by the next save.
            assertTrue(files.count() <= 2);
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs ulimit -f of bash to make writes fail")
    void aFullDiskLeavesTheOldFile() throws IOException, InterruptedException {
        Path file = folder.resolve("c.safetensors");
        assertEquals(0, run(java(file, 2)).code());
        float[] before = weights(file);
        List<String> limited = new ArrayList<>(List.of("bash", "-c", "ulimit -f 64 && exec \"$@\"", "bash"));
        limited.addAll(java(file, 5));
        Result result = run(limited);
        assertEquals(3, result.code(), result.out());
        assertTrue(result.out().contains("c.safetensors: cannot be written: "), result.out());
        assertArrayEquals(before, weights(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "nothing is left behind");
        }
    }

    private record Result(int code, String out) {}

    private static Result run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), out);
    }
}
