package dev.clave.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.FormatException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files of strangers, {@value #EACH} of each format: a load or a FormatException that names the file, in a heap of 256 MiB
 * and in less than a second of CPU time each. Half of the files are changed byte by byte, half in their structure.
 */
class MutationTest {
    private static final int EACH = 2500;
    private static final long MOST_NANOS = 1_000_000_000;

    @Test
    void strangeFilesLoadOrAreRefused(@TempDir Path folder) throws Exception {
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        MutationTest.class.getName(),
                        folder.toString(),
                        String.valueOf(EACH))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertTrue(process.waitFor(600, TimeUnit.SECONDS), "still running after 600 s:\n" + Files.readString(log));
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(log);
        System.out.print(text);
        assertEquals(0, process.exitValue(), text);
    }

    /** A seed that gave another file each time could never be looked into. */
    @Test
    void theSameSeedGivesTheSameFile() throws IOException {
        for (Mutants format : Mutants.values()) {
            for (int seed : new int[] {0, 1, 2, 3, 17, 402}) {
                assertArrayEquals(format.bytes(seed), format.bytes(seed), format + " " + seed);
            }
        }
    }

    /**
     * Runs all; exits with 1 at the first file that ends in anything but a load or a FormatException, or takes too long.
     *
     * @param arguments a folder to write to, and how many files of each format
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int each = Integer.parseInt(arguments[1]);
        boolean well = true;
        for (Mutants format : Mutants.values()) {
            well &= run(format, folder, each);
        }
        System.exit(well ? 0 : 1);
    }

    private static boolean run(Mutants format, Path folder, int each) throws IOException {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        int[] loaded = new int[2];
        int unnamed = 0;
        long slowest = 0;
        int slowestSeed = 0;
        long begin = System.nanoTime();
        for (int seed = 0; seed < each; seed++) {
            Path file = format.place(folder, seed);
            Files.write(file, format.bytes(seed));
            long before = threads.getCurrentThreadCpuTime();
            try {
                format.load(file);
                loaded[seed % 2]++;
            } catch (FormatException e) {
                String message = String.valueOf(e.getMessage());
                unnamed +=
                        message.contains(folder.toString()) && message.lines().count() == 1 ? 0 : 1;
            } catch (Throwable e) {
                System.out.println(format + " seed " + seed + ": " + e);
                e.printStackTrace(System.out);
                return false;
            }
            long nanos = threads.getCurrentThreadCpuTime() - before;
            if (nanos > slowest) {
                slowest = nanos;
                slowestSeed = seed;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%-11s %d files: %d loaded (%d changed in their structure), %d refused; slowest %d ms of CPU (seed %d), %.1f s"
                        + " in all%n",
                format.name().toLowerCase(Locale.ROOT),
                each,
                loaded[0] + loaded[1],
                loaded[1],
                each - loaded[0] - loaded[1],
                slowest / 1_000_000,
                slowestSeed,
                (System.nanoTime() - begin) / 1e9);
        boolean both = true;
        for (int kind = 0; kind < 2; kind++) {
            both &= loaded[kind] >= each / 100 && loaded[kind] <= each / 2 - each / 20;
        }
        if (!both || unnamed > 0 || slowest > MOST_NANOS) {
            System.out.println(
                    format + ": " + unnamed + " messages without the file's name or of several lines; too slow: "
                            + (slowest > MOST_NANOS) + "; changes that test nothing: " + !both);
            return false;
        }
        return true;
    }
}
