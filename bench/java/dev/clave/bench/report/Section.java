package dev.clave.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What one process of a run measured.
 *
 * @param date when it began
 * @param load load average of a minute when it began and when it ended
 * @param others processors that other processes used meanwhile, on average
 * @param peak FMA peak of the device, GFLOP/s, the best seen in this process
 * @param cpuPeak the same of the CPU device, 0 when it was not used
 * @param notes what was left out and why; what a reader must know
 */
public record Section(
        String name,
        String date,
        String load,
        double others,
        double seconds,
        double peak,
        double cpuPeak,
        List<String> notes,
        List<Row> rows) {
    /** Copies the lists. */
    public Section {
        notes = List.copyOf(notes);
        rows = List.copyOf(rows);
    }

    /** The same with what others used. */
    public Section beside(double processors) {
        return new Section(name, date, load, processors, seconds, peak, cpuPeak, notes, rows);
    }

    /** Whether others used so much that threads which wait for one another lose far more than their share. */
    boolean busy() {
        return others > 0.2;
    }

    List<String> works() {
        return rows.stream().map(Row::work).distinct().toList();
    }

    List<Row> of(String work) {
        return rows.stream().filter(row -> row.work().equals(work)).toList();
    }

    Optional<Row> row(String work, String who) {
        return of(work).stream().filter(row -> row.who().equals(who)).findFirst();
    }

    /** A peer's row at a work; the fastest where the peer ran in several ways ({@code PyTorch, 1 thread}). */
    private Optional<Row> fastest(String work, String peer) {
        return of(work).stream()
                .filter(row -> row.who().equals(peer) || row.who().startsWith(peer + ","))
                .min(Comparator.comparingDouble(row -> row.spread().median()));
    }

    /** How many times faster than a peer at its fastest ours is at the works of both, in order. */
    List<Ratio> ratios(String ours, String peer) {
        List<Ratio> ratios = new ArrayList<>();
        for (String work : works()) {
            Optional<Row> mine = row(work, ours);
            Optional<Row> other = fastest(work, peer);
            if (mine.isPresent() && other.isPresent()) {
                ratios.add(new Ratio(work, mine.get().fasterThan(other.get())));
            }
        }
        return ratios;
    }

    record Ratio(String work, Spread spread) {}
}
