package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.report.Results;
import dev.clave.bench.report.Row;
import dev.clave.bench.report.Section;
import dev.clave.op.Peak;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lets contenders take turns: a sample each, round after round, so that what disturbs the machine disturbs all. */
final class Rounds {
    /** A work that is slower than this gets fewer rounds, so that a run ends. */
    private static final long ENOUGH_SECONDS = 20;

    private static final int LEAST_ROUNDS = 3;

    /** A peer with one sample slower than this is left out: the machine is not fit for a comparison then. */
    private static final long TOO_SLOW_SECONDS = 20;

    /** How long threads of another library may go on spinning after a sample. */
    private static final long SETTLE_MILLIS = 10;

    private final Settings settings;
    private final String name;
    private final Path file;
    private final long begin = System.nanoTime();
    private final String date = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    private final String loadBefore = load();
    private final List<Row> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private double peak;
    private double cpuPeak;

    /**
     * For a section.
     *
     * @param file gets what is known after every work
     */
    Rounds(Settings settings, String name, Path file) {
        this.settings = settings;
        this.name = name;
        this.file = file;
    }

    /** Makes a contender; what it throws becomes a note. */
    @FunctionalInterface
    interface Opening {
        Contender open() throws Exception;
    }

    /** Contenders of one work by name, in the order of their turns. */
    static Map<String, Opening> contenders() {
        return new LinkedHashMap<>();
    }

    void note(String note) {
        if (!notes.contains(note)) {
            notes.add(note);
            System.out.println("  " + note);
        }
    }

    void peak(Device device) {
        if (device.isOpenCl()) {
            peak = Math.max(peak, Peak.measure(device));
        } else {
            cpuPeak = Math.max(cpuPeak, Peak.measure(device));
        }
    }

    /** All rounds of a work, fewer of a slow one. */
    void run(String work, String unit, double flops, Map<String, Opening> openings) throws Exception {
        run(work, unit, flops, ENOUGH_SECONDS, openings);
    }

    /** All rounds of a work, fewer when it takes more than so many seconds. */
    void run(String work, String unit, double flops, long enoughSeconds, Map<String, Opening> openings)
            throws Exception {
        if (System.nanoTime() - begin > settings.sectionSeconds() * 1e9) {
            note(work + ": not measured, the section's time was up");
            return;
        }
        Map<String, Contender> opened = new LinkedHashMap<>();
        Map<String, List<Double>> samples = new LinkedHashMap<>();
        try {
            openings.forEach((who, opening) -> open(work, who, opening, opened));
            long started = System.nanoTime();
            for (int round = 0; round < settings.rounds(); round++) {
                if (round >= LEAST_ROUNDS && System.nanoTime() - started > enoughSeconds * 1e9) {
                    break;
                }
                for (String who : List.copyOf(opened.keySet())) {
                    try {
                        samples.computeIfAbsent(who, name -> new ArrayList<>())
                                .add(opened.get(who).sample());
                    } catch (Exception e) {
                        note(work + ": " + who + " failed in round " + (round + 1) + ": " + reason(e));
                        samples.remove(who);
                        opened.remove(who).close();
                    }
                    Thread.sleep(SETTLE_MILLIS);
                }
            }
        } finally {
            for (Contender contender : opened.values()) {
                contender.close();
            }
        }
        samples.forEach((who, values) -> add(new Row(work, who, unit, flops, values)));
        save();
    }

    private void open(String work, String who, Opening opening, Map<String, Contender> opened) {
        try {
            Contender contender = opening.open();
            opened.put(who, contender);
            long warm = System.nanoTime();
            do {
                contender.sample();
                if (System.nanoTime() - warm > TOO_SLOW_SECONDS * 1e9 && !who.startsWith("Clave")) {
                    opened.remove(who).close();
                    throw new IOException("not measured, one sample took more than " + TOO_SLOW_SECONDS + " s");
                }
            } while (System.nanoTime() - warm < settings.warmUpSeconds() * 1e9);
        } catch (Exception | LinkageError e) {
            note(work + ": no " + who + ": " + reason(e));
            opened.remove(who);
        }
    }

    static String reason(Throwable e) {
        return e.getMessage() == null
                ? e.toString()
                : e.getMessage().lines().findFirst().orElse(e.toString());
    }

    void add(Row row) {
        rows.add(row);
        List<Double> sorted = row.samples().stream().sorted().toList();
        double median = sorted.get(sorted.size() / 2);
        System.out.printf(
                Locale.ROOT,
                "  %-36s %-16s %12.1f %s (%.1f to %.1f)%s%n",
                row.work(),
                row.who(),
                median,
                row.unit(),
                sorted.get(0),
                sorted.get(sorted.size() - 1),
                row.flops() == 0 ? "" : String.format(Locale.ROOT, " %.1f GFLOP/s", row.flops() / median / 1e3));
    }

    /** Writes what is known. */
    void save() throws IOException {
        new Results(settings.quick() ? "quick" : "full", Map.of(), List.of(section())).write(file);
    }

    private Section section() {
        return new Section(
                name,
                date,
                loadBefore + " to " + load(),
                0,
                (System.nanoTime() - begin) / 1e9,
                peak,
                cpuPeak,
                notes,
                rows);
    }

    private static String load() {
        try {
            return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
        } catch (IOException e) {
            return "unknown";
        }
    }
}
