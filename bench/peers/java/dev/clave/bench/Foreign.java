package dev.clave.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** How many processors other processes used, on average, while a child of this one ran; from Linux's /proc. */
final class Foreign {
    /** Clock ticks a second that /proc counts in, on all Linux there is for Java. */
    private static final double TICKS = 100;

    private final long begin = System.nanoTime();
    private final double busy = busy();
    private final double own = own();

    /** Since construction; 0 where it cannot be known. Children count when they have ended. */
    double processors() {
        double seconds = (System.nanoTime() - begin) / 1e9;
        return Math.max(0, (busy() - busy - (own() - own)) / TICKS / seconds);
    }

    /** Ticks of all processors in user, nice, system, interrupts and steal. */
    private static double busy() {
        return ticks(Path.of("/proc/stat"), "cpu  ", List.of(0, 1, 2, 5, 6, 7));
    }

    /** Ticks of this process and of its children that have ended. */
    private static double own() {
        return ticks(Path.of("/proc/self/stat"), ") ", List.of(11, 12, 13, 14));
    }

    private static double ticks(Path file, String before, List<Integer> fields) {
        try {
            String text = Files.readString(file);
            String line = text.lines().findFirst().orElse("");
            String[] words =
                    line.substring(line.lastIndexOf(before) + before.length()).split(" ", -1);
            return fields.stream()
                    .mapToDouble(
                            field -> Double.parseDouble(Arrays.asList(words).get(field)))
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }
}
