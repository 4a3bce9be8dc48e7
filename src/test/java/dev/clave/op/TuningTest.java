package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Said;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.internal.tune.TuningKey;
import dev.clave.internal.tune.TuningRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a database says is what is prepared, results stay exact, and what does not fit is as if it were not there. */
@ExtendWith(TestDevices.Parameter.class)
class TuningTest {
    private static final Conv2d CONV = new Conv2d(9, 3, 5, 6, 7, Window.of(3, 2).pad(1), 1, true);
    private static final Problem FORWARD = CONV.problem("forward", new Format(DType.F32, 8));
    private static final Map<String, Integer> TILE = Map.of("KT", 2, "WT", 3);

    private final TestDevices devices;

    @TempDir
    private Path folder;

    TuningTest(TestDevices devices) {
        this.devices = devices;
    }

    private static List<OpenClCandidate> candidates() {
        return Operators.rows().get("conv2d");
    }

    private static OpenClCandidate named(String name) {
        return candidates().stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private List<OpenClDevice> quick() {
        return devices.openCl().stream()
                .filter(device -> !TinyCases.isSlowToCompile(device))
                .map(device -> (OpenClDevice) device)
                .toList();
    }

    /** Through the property and a file, as a user does. */
    @Test
    void aPlantedEntryIsPreparedAndExact() throws IOException {
        OpCase op = OpCase.exact("tuned", CONV, "forward");
        Map<String, Object> expected = Exact.reference(devices, op);
        for (OpenClDevice place : quick()) {
            String selector = String.valueOf(devices.openCl().indexOf(place));
            Path file = folder.resolve("tuning" + selector + ".jsonl");
            Files.writeString(
                    file, Tuned.record(place, FORWARD, named("tiled"), TILE).line() + "\n");
            Tuned.with(selector, file.toString(), device -> {
                try (Invocation run = Operators.prepare(device, FORWARD)) {
                    assertEquals("tiled", run.candidate());
                    assertEquals("tuned, KT 2, WT 3", run.note());
                }
                assertEquals("tiled", Operators.candidates(device, FORWARD).get(0));
                assertEquals(
                        Operators.candidates(device, FORWARD).size(),
                        Operators.candidates(device, FORWARD).stream()
                                .distinct()
                                .count());
                TestDevices.Place tuned = new TestDevices.Place(device, FORWARD, "tiled");
                Exact.check(tuned.toString(), expected, Harness.run(tuned, op));
                // Another shape is another problem.
                Problem other = new Conv2d(9, 3, 5, 6, 6, Window.of(3, 2).pad(1), 1, true)
                        .problem("forward", new Format(DType.F32, 8));
                try (Invocation run = Operators.prepare(device, other)) {
                    assertEquals("", run.note());
                }
            });
            Files.writeString(
                    file,
                    Tuned.record(place, FORWARD, named("reference"), Map.of()).line() + "\n");
            Tuned.with(selector, file.toString(), device -> {
                try (Invocation run = Operators.prepare(device, FORWARD)) {
                    assertEquals("reference", run.candidate());
                    assertEquals("tuned", run.note());
                }
            });
            for (String database : List.of("off", "default")) {
                Tuned.with(selector, database, device -> {
                    try (Invocation run = Operators.prepare(device, FORWARD)) {
                        assertEquals("", run.note());
                    }
                });
            }
            Tuned.with(selector, folder.resolve("missing").toString(), device -> {
                IllegalArgumentException missing =
                        assertThrows(IllegalArgumentException.class, () -> Operators.candidates(device, FORWARD));
                assertTrue(missing.getMessage().contains("missing"), missing.getMessage());
            });
        }
    }

    /** What order puts first, with lines of the user and of the jar. */
    private static String first(OpenClDevice device, List<String> user, List<String> bundled) {
        List<OpenClCandidate> order = new Tuning(device, TuningDatabase.of(user, bundled)).order(FORWARD, candidates());
        // Whatever stands in front, the usual order is behind it.
        assertEquals(
                names(candidates()),
                names(order.subList(order.size() - candidates().size(), order.size())));
        return order.get(0).name() + " " + order.get(0).note();
    }

    private static List<String> names(List<OpenClCandidate> candidates) {
        return candidates.stream().map(OpenClCandidate::name).sorted().toList();
    }

    private static TuningRecord changed(TuningRecord record, TuningKey key, String library, String source) {
        return new TuningRecord(key, library, source, record.candidate(), record.parameters(), 1, 1);
    }

    @Test
    void theUsersEntryWinsAndDevicesOfAClassShareTheJars() {
        for (OpenClDevice device : quick()) {
            TuningRecord own = Tuned.record(device, FORWARD, named("tiled"), TILE);
            TuningRecord one = Tuned.record(device, FORWARD, named("tiled"), Map.of("KT", 1, "WT", 1));
            TuningKey key = own.key().on(Tuning.deviceClass(device));
            // The jar's version counts for nothing there: its kernels decide.
            String shipped = changed(one, key, "0.0.0-other", one.source()).line();
            String usual = first(device, List.of(), List.of());
            assertEquals("linear_weight ", usual);
            assertEquals("tiled tuned, KT 2, WT 3", first(device, List.of(own.line()), List.of(shipped)));
            // What comes with the kernels is not built before a chain; what somebody wrote is.
            List<OpenClCandidate> both = new Tuning(device, TuningDatabase.of(List.of(own.line()), List.of(shipped)))
                    .order(FORWARD, candidates());
            assertEquals(
                    List.of(true, false, false),
                    both.stream().limit(3).map(OpenClCandidate::mayFail).toList());
            assertEquals("tiled tuned, KT 1, WT 1", first(device, List.of(), List.of(shipped)));
            // What is no record of this device, driver, version or kernel is not there; the jar's serves then.
            for (TuningRecord foreign : List.of(
                    changed(own, own.key(), "0.0.0-other", own.source()),
                    changed(own, own.key(), own.library(), other(own.source())),
                    changed(own, with(own.key(), "device"), own.library(), own.source()),
                    changed(own, with(own.key(), "driver"), own.library(), own.source()),
                    changed(own, with(own.key(), "layout"), own.library(), own.source()))) {
                assertEquals(usual, first(device, List.of(foreign.line()), List.of()), foreign.line());
                assertEquals("tiled tuned, KT 1, WT 1", first(device, List.of(foreign.line()), List.of(shipped)));
            }
            String other = changed(one, own.key().on("cpu-other"), one.library(), one.source())
                    .line();
            assertEquals(usual, first(device, List.of(), List.of(other)));
        }
    }

    /** Another hash. */
    private static String other(String hash) {
        return (hash.startsWith("0") ? "1" : "0") + hash.substring(1);
    }

    private static TuningKey with(TuningKey key, String part) {
        return new TuningKey(
                key.platform(),
                part.equals("device") ? key.device() + "x" : key.device(),
                part.equals("driver") ? key.driver() + ".1" : key.driver(),
                key.operator(),
                key.direction(),
                key.shape(),
                part.equals("layout") ? "F32x16" : key.layout());
    }

    /** Absurd settings in a file: a line in the log, and the usual candidate. */
    @Test
    void absurdSettingsAreAMissThatIsSaid() {
        List<Map<String, Integer>> absurd = List.of(
                Map.of("KT", 1_000_000, "WT", 1),
                Map.of("KT", -1, "WT", 1),
                Map.of("KT", 0, "WT", 0),
                Map.of("KT", 8, "WT", 6),
                Map.of("KT", 2),
                Map.of("NONE", 2));
        for (OpenClDevice device : quick()) {
            TuningRecord right = Tuned.record(device, FORWARD, named("tiled"), TILE);
            for (Map<String, Integer> settings : absurd) {
                TuningRecord wrong = new TuningRecord(
                        right.key(), right.library(), right.source(), "tiled", new TreeMap<>(settings), 1, 1);
                List<String> said = said(() -> assertEquals(
                        "linear_weight ", first(device, List.of(wrong.line()), List.of()), settings.toString()));
                assertEquals(1, said.size(), said.toString());
                assertTrue(said.get(0).contains("is not used"), said.get(0));
            }
            TuningRecord nobody =
                    new TuningRecord(right.key(), right.library(), right.source(), "nobody", new TreeMap<>(), 1, 1);
            assertEquals(
                    1,
                    said(() -> first(device, List.of(nobody.line()), List.of())).size());
        }
    }

    private static List<String> said(Runnable action) {
        return Said.by("dev.clave", action);
    }

    /** An entry of the jar whose kernels have changed would never be taken: measure again, or delete its line. */
    @Test
    void entriesOfTheJarAreWholeAndOfTheseKernels() {
        for (String line : TuningDatabase.bundledLines()) {
            TuningRecord record = TuningRecord.parse(line);
            assertNotEquals(null, record, line);
            assertEquals("any", record.key().platform(), line);
            assertTrue(
                    List.of("cpu-avx512", "cpu-avx2", "cpu-neon", "gpu")
                            .contains(record.key().device()),
                    line);
            assertTrue(Operators.names().contains(record.key().operator()), line);
            assertTrue(
                    Operators.rows().get(record.key().operator()).stream()
                            .anyMatch(candidate -> candidate.name().equals(record.candidate())),
                    line);
        }
    }
}
