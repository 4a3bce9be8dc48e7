package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Said;
import dev.clave.internal.opencl.OpenClDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings of a database that fail on a device are left out with a word; what is usual is prepared and right. */
@ExtendWith(TestDevices.Parameter.class)
class FailedTuningTest {
    private static final Conv2d CONV = new Conv2d(9, 3, 5, 6, 7, Window.of(3, 2).pad(1), 1, true);
    private static final Problem FORWARD = CONV.problem("forward", new Format(DType.F32, 8));
    private static final Map<String, Integer> SET = Map.of("KT", 2, "WT", 3);

    private final TestDevices devices;

    @TempDir
    private Path folder;

    FailedTuningTest(TestDevices devices) {
        this.devices = devices;
    }

    /** Right as it is, wrong in some way with any settings. */
    private record Brittle(String how, Map<String, Integer> set) implements OpenClCandidate {
        private static final OpenClCandidate RIGHT = SettingsCases.tiledConvolution();

        private boolean fails(String way) {
            return how.equals(way) && !set.isEmpty();
        }

        @Override
        public String name() {
            return RIGHT.name();
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            return fails("refused") ? "KT is 1 here" : null;
        }

        @Override
        public OpenClCandidate with(Map<String, Integer> parameters) {
            return new Brittle(how, parameters);
        }

        @Override
        public boolean usesBarriers() {
            return fails("group");
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            List<Launch> launches = RIGHT.launches(problem, device);
            if (fails("build")) {
                launches.forEach(launch -> launch.define("LANES", "no_such_name"));
            } else if (fails("group")) {
                launches.forEach(launch -> launch.groups(1, 1 << 24));
            } else if (fails("argument")) {
                launches.forEach(launch -> launch.ints(1));
            }
            return launches;
        }
    }

    /** Another one that takes the problem too comes behind it and is not asked. */
    private static OpenClBackend backend(String how) {
        return new OpenClBackend("auto", operator -> {
            List<OpenClCandidate> all = Operators.rows().get(operator);
            return List.of(new Brittle(how, Map.of()), all.get(all.size() - 1));
        });
    }

    private static String prepared(OpenClBackend backend, Device device, @Nullable String wanted) {
        try (Invocation run = Operators.prepare(backend, device, FORWARD, wanted)) {
            return (run.candidate() + " " + run.note()).strip();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fine, 'tiled tuned, KT 2, WT 3', ''",
        "build, tiled, 'does not compile'",
        "group, tiled, 'needs work-groups of 16777216 work-items'",
        "argument, tiled, 'clSetKernelArg 11 failed'",
        "refused, tiled, 'KT is 1 here'",
        "self-test, reference, 'set aside by the device''s self-test: planted'",
    })
    void theUsualChoiceIsPrepared(String how, String expected, String reason) throws IOException {
        OpCase op = OpCase.exact("brittle", CONV, "forward");
        Map<String, Object> right = Exact.reference(devices, op);
        for (int i = 0; i < devices.openCl().size(); i++) {
            OpenClDevice place = (OpenClDevice) devices.openCl().get(i);
            if (TinyCases.isSlowToCompile(place)) {
                continue;
            }
            Path file = folder.resolve("tuning" + i + ".jsonl");
            Files.writeString(
                    file,
                    Tuned.record(place, FORWARD, new Brittle("fine", Map.of()), SET)
                                    .line() + "\n");
            Tuned.with(String.valueOf(i), file.toString(), device -> {
                if (how.equals("self-test")) {
                    ((OpenClDevice) device)
                            .once(Verdict.class, () -> new Verdict(Map.of(Verdict.key(FORWARD, "tiled"), "planted")));
                }
                OpenClBackend backend = backend(how);
                List<String> said = Said.by("dev.clave", () -> {
                    assertEquals(expected, prepared(backend, device, null));
                    assertEquals(expected, prepared(backend, device, null), "the same again");
                    try (Invocation run = Operators.prepare(backend, device, FORWARD, null)) {
                        Exact.check(how, right, Harness.run(device, run, op));
                    }
                    if (!how.equals("self-test")) {
                        assertEquals(expected, prepared(backend, device, "tiled"), "by its name");
                    }
                });
                if (reason.isEmpty()) {
                    assertEquals(List.of(), said);
                    return;
                }
                assertEquals(1, said.size(), said.toString());
                String warning = said.get(0);
                assertTrue(
                        warning.startsWith("the tuning of conv2d forward " + CONV + " F32x8 on " + device.name()
                                + " by tiled KT 2, WT 3, from " + file + ", is not used: "),
                        warning);
                assertTrue(warning.contains(reason), warning);
                assertTrue(warning.endsWith("; run ./clave tune again, or delete its line"), warning);
                assertEquals(0, device.liveBytes(), "what failed left nothing");
            });
        }
    }
}
