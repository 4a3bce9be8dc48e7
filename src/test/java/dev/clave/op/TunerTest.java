package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.internal.tune.TuningRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The tuner with a clock that says what the test wants: nothing here depends on the machine's speed. */
@ExtendWith(TestDevices.Parameter.class)
class TunerTest {
    private static final Conv2d CONV = new Conv2d(9, 3, 5, 6, 7, Window.of(3, 2).pad(1), 1, true);
    private static final Problem FORWARD = CONV.problem("forward", new Format(DType.F32, 8));

    private final TestDevices devices;

    @TempDir
    private Path folder;

    TunerTest(TestDevices devices) {
        this.devices = devices;
    }

    private List<Device> quick() {
        return devices.openCl().stream()
                .filter(device -> !TinyCases.isSlowToCompile(device))
                .toList();
    }

    private static Tuner tuner(Device device, List<String> timed, ToDoubleFunction<String> micros) {
        return new Tuner(device, (invocation, runs) -> {
            String what = (invocation.candidate() + " " + invocation.note()).strip();
            timed.add(what);
            return micros.applyAsDouble(what);
        });
    }

    /** A setting in the middle of the space, so that neither the first nor the last is taken for it. */
    private static String planted(Device device) {
        OpenClCandidate tiled = SettingsCases.tiledConvolution();
        List<Map<String, Integer>> space = tiled.space(FORWARD, (OpenClDevice) device);
        assertTrue(space.size() > 4, space.toString());
        return "tiled tuned, " + Settings.text(space.get(space.size() / 2));
    }

    @Test
    void aFasterCandidateIsFoundWrittenAndTaken() throws IOException {
        for (Device device : quick()) {
            List<String> timed = new ArrayList<>();
            String fast = planted(device);
            Tuner tuner = tuner(device, timed, what -> what.equals(fast) ? 80 : 100);
            Tuner.Result result = tuner.tune(FORWARD, () -> true);
            assertTrue(result.isFaster());
            assertEquals(fast, result.best().replace("tiled ", "tiled tuned, "));
            assertEquals(100, result.usualMicros());
            assertEquals(80, result.bestMicros());
            assertEquals(List.of(), result.rejected());
            assertTrue(result.tried() > 5 && result.tried() <= Tuner.MOST, result.toString());
            // At least five rounds of those that reach the end, in turn.
            assertTrue(timed.stream().filter(fast::equals).count() >= 8, timed.toString());
            Path file = folder.resolve(device.name().hashCode() + ".jsonl");
            assertEquals(1, tuner.save(file));
            TuningRecord record = TuningRecord.parse(Files.readAllLines(file).get(0));
            assertEquals("tiled", record.candidate());
            assertEquals(80, record.micros());
            assertEquals(FORWARD.flops() / 80e3, record.gflops(), 1e-3);
            String selector = String.valueOf(devices.openCl().indexOf(device));
            Tuned.with(selector, file.toString(), again -> {
                try (Invocation run = Operators.prepare(again, FORWARD)) {
                    assertEquals(fast, run.candidate() + " " + run.note());
                }
                // An open database does not sway the next search, and a record that is no longer the fastest goes.
                Tuner second = tuner(again, new ArrayList<>(), what -> 100);
                assertFalse(second.tune(FORWARD, () -> true).isFaster());
                assertEquals(0, second.save(file));
            });
            assertEquals(List.of(), Files.readAllLines(file));
        }
    }

    /** What a model takes for too small to pay may be the fastest: it is tried, checked, written and obeyed. */
    @Test
    void aCandidateThatDoubtsIsTriedAndTaken() throws IOException {
        List<Geometry> small = List.of(CONV, new Gemm(3, 5, 7), new Gemm(1, 33, 9));
        for (Device device : quick()) {
            for (Geometry geometry : small) {
                Problem problem = geometry.problem("forward", new Format(DType.F32, geometry instanceof Gemm ? 1 : 8));
                OpCase op = OpCase.exact("doubtful", geometry, "forward");
                assertFalse(
                        Operators.candidates(device, problem).contains("packed"),
                        "it leaves this to others: " + problem);
                List<String> timed = new ArrayList<>();
                Tuner tuner = tuner(device, timed, what -> what.startsWith("packed") ? 80 : 100);
                assertEquals(List.of(problem), tuner.choices(List.of(problem)));
                Tuner.Result result = tuner.tune(problem, () -> true);
                assertEquals(List.of(), result.rejected());
                assertFalse(result.usual().startsWith("packed"), result.usual());
                assertTrue(result.best().startsWith("packed "), result.best());
                Path file = folder.resolve(geometry.toString().hashCode() + ".jsonl");
                assertEquals(1, tuner.save(file));
                Tuned.with(String.valueOf(devices.openCl().indexOf(device)), file.toString(), again -> {
                    try (Invocation run = Operators.prepare(again, problem)) {
                        assertEquals("packed", run.candidate());
                        assertEquals(result.best().replace("packed ", "tuned, "), run.note());
                    }
                    Exact.check(
                            problem + " by packed",
                            Exact.reference(devices, op),
                            Harness.run(new TestDevices.Place(again, problem, "packed"), op));
                });
            }
        }
    }

    /** What a candidate cannot do is no doubt: a packed convolution has no double precision. */
    @Test
    void whatACandidateCannotDoIsNotTried() {
        for (Device device : quick()) {
            if (!device.info().fp64()) {
                System.out.println("skipped: no fp64 on " + device.name());
                continue;
            }
            List<String> timed = new ArrayList<>();
            tuner(device, timed, what -> 100).tune(CONV.problem("forward", new Format(DType.F64, 1)), () -> true);
            assertTrue(timed.stream().anyMatch(what -> what.startsWith("tiled")), timed.toString());
            assertTrue(timed.stream().noneMatch(what -> what.startsWith("packed")), timed.toString());
        }
    }

    /** Where the jar has an entry it is what a candidate must beat, and the model's own choice may do so. */
    @Test
    void theJarsEntryIsWhatIsUsual() {
        Conv2d conv = new Conv2d(64, 84, 1, 1, 10, Window.of(1, 1), 1, true);
        Problem shipped = conv.problem("backwardWeight", new Format(DType.F32, 16));
        for (Device device : quick()) {
            OpenClDevice openCl = (OpenClDevice) device;
            Tuning jar = new Tuning(openCl, TuningDatabase.of(List.of(), TuningDatabase.bundledLines()));
            OpenClCandidate first =
                    jar.order(shipped, Operators.rows().get("conv2d")).get(0);
            if (first.note().isEmpty()) {
                System.out.println("skipped: the jar has no entry for the class of " + device.name());
                continue;
            }
            Tuner tuner = tuner(device, new ArrayList<>(), what -> what.startsWith("linear_weight") ? 80 : 100);
            Tuner.Result result = tuner.tune(shipped, () -> true);
            assertEquals("tiled CT 4, KT 5", result.usual());
            assertEquals("linear_weight KL 10", result.best());
            assertEquals(100, result.usualMicros());
        }
    }

    /** Two percent are noise; so is a median below that of a usual one which now and then is as fast. */
    @Test
    void noiseIsNotTakenForSpeed() {
        for (Device device : quick()) {
            String fast = planted(device);
            assertFalse(tuner(device, new ArrayList<>(), what -> what.equals(fast) ? 98 : 100)
                    .tune(FORWARD, () -> true)
                    .isFaster());
            int[] calls = {0};
            assertFalse(tuner(
                            device, new ArrayList<>(), what -> what.equals(fast) ? 90 : calls[0]++ % 3 == 0 ? 80 : 100)
                    .tune(FORWARD, () -> true)
                    .isFaster());
        }
    }

    /** A candidate that was fast once must be so again. */
    @Test
    void aWinIsConfirmed() {
        for (Device device : quick()) {
            String fast = planted(device);
            int[] calls = {0};
            Tuner.Result result = tuner(
                            device, new ArrayList<>(), what -> what.equals(fast) && calls[0]++ < 13 ? 50 : 100)
                    .tune(FORWARD, () -> true);
            assertTrue(calls[0] > 20, "not confirmed after " + calls[0]);
            assertFalse(result.isFaster());
        }
    }

    @Test
    void theHopelessAreNotTimedToTheEnd() {
        for (Device device : quick()) {
            List<String> timed = new ArrayList<>();
            String slow = planted(device);
            tuner(device, timed, what -> what.equals(slow) ? 1000 : 100).tune(FORWARD, () -> true);
            assertEquals(1, timed.stream().filter(slow::equals).count());
        }
    }

    @Test
    void whenTimeIsUpWhatIsKnownCounts() {
        for (Device device : quick()) {
            int[] asked = {0};
            Tuner.Result result = tuner(device, new ArrayList<>(), what -> 100).tune(FORWARD, () -> asked[0]++ < 2);
            assertEquals(3, result.tried());
        }
    }

    @Test
    void onlyProblemsWithAChoiceAreTunedEachOnce() {
        Problem bias = CONV.problem("backwardBias", new Format(DType.F32, 8));
        Problem add = new Add(3, 67).problem("forward", Format.NCHW);
        for (Device device : quick()) {
            Tuner tuner = tuner(device, new ArrayList<>(), what -> 1);
            assertEquals(List.of(FORWARD), tuner.choices(List.of(bias, FORWARD, add, FORWARD)));
            assertThrows(IllegalArgumentException.class, () -> tuner.tune(add, () -> true));
        }
        assertThrows(IllegalArgumentException.class, () -> new Tuner(devices.cpu()));
    }

    /** A candidate that computes something else, and says it is the fastest. */
    private record Wrong(OpenClCandidate right) implements OpenClCandidate {
        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public String refuses(Problem problem, OpenClDevice device) {
            return right.refuses(problem, device);
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            List<Launch> launches = right.launches(problem, device);
            launches.forEach(launch -> launch.define("PAD_LEFT", 0));
            return launches;
        }
    }

    /** However fast it is, and even when it is what would be taken. */
    @Test
    void aWrongCandidateIsNeverChosen() {
        for (Device device : quick()) {
            List<OpenClCandidate> right = Operators.rows().get("conv2d");
            List<OpenClCandidate> all = new ArrayList<>(right);
            all.add(0, new Wrong(SettingsCases.tiledConvolution()));
            Tuner tuner = new Tuner(
                    device,
                    (invocation, runs) -> invocation.candidate().equals("wrong") ? 1 : 100,
                    Map.of("conv2d", all));
            Tuner.Result result = tuner.tune(FORWARD, () -> true);
            assertEquals("wrong", result.usual());
            assertTrue(result.best().startsWith("tiled"), result.best());
            assertEquals(1, result.rejected().size(), result.rejected().toString());
            assertTrue(
                    result.rejected().get(0).startsWith("wrong: output["),
                    result.rejected().get(0));
        }
    }

    /** The check against the reference can fail. */
    @Test
    void aWrongResultIsSeen() {
        for (Device device : quick()) {
            try (TuningCase data = new TuningCase((OpenClDevice) device, FORWARD);
                    Invocation reference = Operators.prepare(device, FORWARD, "reference")) {
                data.bind(reference);
                Map<String, double[]> expected = data.run(reference);
                Map<String, double[]> got = data.run(reference);
                assertEquals(null, data.difference(expected, got));
                double[] output = got.get("output");
                output[3] += 1;
                assertEquals(
                        "output[3] is " + output[3] + " instead of " + (output[3] - 1), data.difference(expected, got));
                output[3] = Double.NaN;
                assertTrue(data.difference(expected, got).contains("NaN"));
            }
        }
    }
}
