package dev.clave.op;

import dev.clave.internal.Sha256;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.internal.tune.TuningKey;
import dev.clave.internal.tune.TuningRecord;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What the tuning database says to the problems of a device. It is read once for a device, so that the choice depends on
 * database and problem only. A record that does not fit, because its kernels have changed or its settings are none, is as if
 * it were not there.
 */
final class Tuning {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");

    private final OpenClDevice device;
    private final TuningDatabase database;
    private final Map<SortedSet<String>, String> hashes = new ConcurrentHashMap<>();
    private final Set<TuningRecord> reported = ConcurrentHashMap.newKeySet();

    Tuning(OpenClDevice device, TuningDatabase database) {
        this.device = device;
        this.database = database;
    }

    /** What the system property {@value TuningDatabase#PROPERTY} says, read at the first call. */
    static Tuning of(OpenClDevice device) {
        return device.once(Tuning.class, () -> new Tuning(device, TuningDatabase.open()));
    }

    /** The class of a device, by which records ship in the jar. */
    static String deviceClass(OpenClDevice device) {
        if (device.isGpu()) {
            return "gpu";
        }
        return switch (VectorTile.width(device.info().vectorWidth())) {
            case 16 -> "cpu-avx512";
            case 8 -> "cpu-avx2";
            default -> "cpu-neon";
        };
    }

    static TuningKey key(OpenClDevice device, Problem problem) {
        return TuningKey.of(
                device.info(),
                problem.operator(),
                problem.direction(),
                problem.geometry().toString(),
                problem.format().real() + "x" + problem.format().lanes());
    }

    /**
     * The candidates behind what was measured, the user's before the jar's; as they are when nothing was. The measured one is
     * there once more as it is: should its settings fail on this device, the choice is that without the record.
     */
    List<OpenClCandidate> order(Problem problem, List<OpenClCandidate> candidates) {
        List<OpenClCandidate> ordered = new ArrayList<>();
        for (TuningRecord record : database.find(key(device, problem), deviceClass(device))) {
            OpenClCandidate measured = candidate(record, problem, candidates);
            if (measured != null) {
                ordered.add(measured);
            }
        }
        if (ordered.isEmpty()) {
            return candidates;
        }
        ordered.addAll(candidates);
        return List.copyOf(ordered);
    }

    private @Nullable OpenClCandidate candidate(
            TuningRecord record, Problem problem, List<OpenClCandidate> candidates) {
        String reason = "there is no candidate " + record.candidate();
        // A kernel that has changed is what an update brings; settings that are none are not.
        Level level = Level.WARNING;
        for (OpenClCandidate one : candidates) {
            if (one.name().equals(record.candidate())) {
                try {
                    OpenClCandidate measured = new TunedCandidate(
                            one.with(record.parameters()), record.parameters(), database.isBundled(record));
                    reason = OpenClBackend.limit(measured, problem, device);
                    if (reason == null && record.source().equals(source(measured, problem))) {
                        return measured;
                    }
                    level = reason == null ? Level.DEBUG : level;
                    reason = reason == null ? "its kernels have changed since" : reason;
                } catch (IllegalArgumentException e) {
                    reason = String.valueOf(e.getMessage());
                }
            }
        }
        report(level, record, reason);
        return null;
    }

    /** Says once that a record is of no use here, and what to do. */
    private void report(Level level, TuningRecord record, String reason) {
        if (!reported.add(record)) {
            return;
        }
        boolean shipped = database.isBundled(record);
        LOGGER.log(
                level,
                "the tuning of {0} {1} {2} {3} on {4} by {5}, from {6}, is not used: {7}; run ./clave tune again{8}",
                record.key().operator(),
                record.key().direction(),
                record.key().shape(),
                record.key().layout(),
                device.name(),
                (record.candidate() + " " + Settings.text(record.parameters())).strip(),
                shipped ? "the jar" : database.file(),
                reason,
                shipped ? ", or give -D" + TuningDatabase.PROPERTY + "=off" : ", or delete its line");
    }

    /** What {@link #order} put first cannot be prepared after all. */
    void unusable(Problem problem, TunedCandidate measured, String reason) {
        for (TuningRecord record : database.find(key(device, problem), deviceClass(device))) {
            if (record.candidate().equals(measured.name())
                    && record.parameters().equals(measured.settings())) {
                report(Level.WARNING, record, reason);
            }
        }
    }

    /** SHA-256 of the kernel files that a candidate uses for a problem. */
    String source(OpenClCandidate candidate, Problem problem) {
        SortedSet<String> files = new TreeSet<>();
        candidate.launches(problem, device).forEach(launch -> files.add(launch.file));
        return hashes.computeIfAbsent(files, Tuning::hash);
    }

    private static String hash(SortedSet<String> files) {
        StringBuilder text = new StringBuilder();
        files.forEach(file -> text.append(file).append('\n').append(OpenClDevice.source(file)));
        return Sha256.hex(text.toString());
    }
}
