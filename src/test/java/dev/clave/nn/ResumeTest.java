package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.clave.Device;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run interrupted at any step and resumed ends with the bits of the uninterrupted one. */
class ResumeTest {
    private static final int CUTS = 20;
    private static final int CUTS_ON_OPENCL = 5;

    @TempDir
    private Path folder;

    /** Values that do not depend on time. */
    private static List<String> stable(FitResult... results) {
        List<String> lines = new ArrayList<>();
        for (FitResult result : results) {
            for (Map<String, Double> logs : result.epochs()) {
                Map<String, Double> kept = new TreeMap<>(logs);
                kept.keySet().removeAll(List.of("seconds", "stepMillis"));
                lines.add(kept.toString());
            }
        }
        return lines;
    }

    /** The whole checkpoints are compared: weights, optimizer state, metrics, callbacks, place. */
    private void resumes(Device device, Resumption run, int cut, List<String> expected, Path whole) {
        String what = device.name() + ", " + run + " cut after batch " + cut;
        Path file = folder.resolve("cut");
        Path end = folder.resolve("end");
        FitResult first = run.until(device, cut, file);
        assertTrue(first.interrupted() && !first.stopped(), what);
        FitResult second = run.from(device, file, end);
        assertEquals(expected, stable(first, second), what);
        try {
            assertEquals(-1, Files.mismatch(whole, end), what);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void atTwentyRandomStepsOfEveryRun() {
        TestData.everyDevice(device -> {
            for (Resumption run : Resumption.values()) {
                Path whole = folder.resolve("whole");
                List<String> expected = stable(run.whole(device, whole));
                List<Integer> cuts = new ArrayList<>(run.cuts(device.isOpenCl() ? CUTS_ON_OPENCL : CUTS));
                if (device.isOpenCl()) {
                    // The last batch of an epoch, and the last but one of all.
                    cuts.addAll(List.of(run.options().steps(0), run.batches() - 1));
                }
                cuts.forEach(cut -> resumes(device, run, cut, expected, whole));
            }
        });
    }

    /** Runs interrupted with one thread of PoCL go on with two, and the other way round. */
    @Test
    void acrossNumbersOfThreads() throws IOException, InterruptedException {
        assumeTrue(
                Device.list().stream()
                        .findFirst()
                        .filter(info -> info.platform().contains("Portable Computing"))
                        .isPresent(),
                "the first OpenCL device is not PoCL's, whose threads can be numbered");
        int cuts = CUTS / Resumption.values().length;
        List<Path> wholes = new ArrayList<>();
        for (int threads : new int[] {1, 2}) {
            Path files = Files.createDirectories(folder.resolve("threads" + threads));
            List<String> made = program(threads, "cut", files, cuts);
            assertEquals(List.of("threads " + threads), made);
            List<String> resumed = program(3 - threads, "resume", files, cuts);
            assertEquals("threads " + (3 - threads), resumed.get(0));
            assertEquals(1 + cuts * Resumption.values().length, resumed.size(), resumed.toString());
            assertTrue(resumed.stream().skip(1).allMatch(line -> line.startsWith("same ")), resumed.toString());
            wholes.add(files);
        }
        for (Resumption run : Resumption.values()) {
            String name = run + "-whole";
            long mismatch =
                    Files.mismatch(wholes.get(0).resolve(name), wholes.get(1).resolve(name));
            assertEquals(-1, mismatch, run + " with one thread and with two");
        }
    }

    private static List<String> program(int threads, String what, Path files, int cuts)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ResumeProgram.class.getName(),
                what,
                files.toString(),
                String.valueOf(cuts));
        builder.environment().put("POCL_MAX_PTHREAD_COUNT", String.valueOf(threads));
        Path errors = files.resolve("errors");
        Process process = builder.redirectError(errors.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> {
            try {
                return out + Files.readString(errors);
            } catch (IOException e) {
                return out + e;
            }
        });
        return out.lines().toList();
    }
}
