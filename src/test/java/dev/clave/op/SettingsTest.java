package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every setting that a tuner may try gives the right result, and one that is none is refused by name. */
@ExtendWith(TestDevices.Parameter.class)
class SettingsTest {
    private final TestDevices devices;

    SettingsTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void everySettingIsExact() {
        TreeSet<String> covered = new TreeSet<>();
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            boolean slow = TinyCases.isSlowToCompile(device);
            for (OpCase op : SettingsCases.all(devices.cpu())) {
                int lanes = SettingsCases.lanes(op);
                Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
                for (OpenClCandidate candidate : SettingsCases.candidates(openCl, problem)) {
                    for (Map<String, Integer> settings : candidate.space(problem, openCl)) {
                        if (settings.isEmpty() || (slow && !SettingsCases.isSmall(problem, settings))) {
                            continue;
                        }
                        TunedCandidate tuned = TunedCandidate.of(candidate, settings);
                        TestDevices.Place place = new TestDevices.Place(
                                device, problem, candidate.name() + " " + Settings.text(settings));
                        TinyCases.check(place, op, Harness.run(openCl, problem, tuned, op));
                        devices.count(device, problem.operator());
                        if (!slow) {
                            covered.add(problem + " " + candidate.name());
                        }
                    }
                }
            }
        }
        if (devices.openCl().stream().anyMatch(device -> !TinyCases.isSlowToCompile(device))) {
            assertEquals(SettingsCases.COVERED, covered);
        }
    }

    /** A space begins with what the model takes: the same launches, macro for macro. */
    @Test
    void theFirstSettingIsTheModels() {
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            for (OpCase op : SettingsCases.all(devices.cpu())) {
                for (int lanes : new int[] {1, 8, 16}) {
                    Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
                    for (OpenClCandidate candidate : SettingsCases.candidates(openCl, problem)) {
                        List<Map<String, Integer>> space = candidate.space(problem, openCl);
                        assertEquals(
                                text(candidate.launches(problem, openCl)),
                                text(candidate.with(space.get(0)).launches(problem, openCl)),
                                problem + " " + candidate.name());
                        assertEquals(space.size(), new java.util.HashSet<>(space).size(), "twice in " + space);
                        assertTrue(space.size() <= Tuner.MOST, candidate.name() + " has " + space.size());
                    }
                }
            }
        }
    }

    private static List<String> text(List<Launch> launches) {
        return launches.stream()
                .map(launch -> launch.file + " " + launch.kernel + " " + launch.defines + " " + launch.arguments + " "
                        + launch.global[0])
                .toList();
    }

    @Test
    void settingsThatAreNoneAreRefusedByName() {
        Gemm gemm = new Gemm(64, 64, 64);
        Conv2d conv = new Conv2d(16, 8, 9, 9, 8, Window.of(3, 3).pad(1), 1, true);
        Conv2d large = new Conv2d(2, 64, 120, 120, 64, Window.of(3, 3).pad(1), 1, false);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            if (openCl.isGpu()) {
                continue;
            }
            Problem product = gemm.problem("forward", Format.NCHW);
            OpenClCandidate packed = new GemmPackedOpenCl();
            assertNull(packed.declines(product, openCl));
            refused(openCl, packed, product, "MT", Map.of("MT", 1000, "NT", 1));
            refused(openCl, packed, product, "MT", Map.of("MT", 0, "NT", 1));
            refused(openCl, packed, product, "registers", Map.of("MT", 12, "NT", 8));
            refused(openCl, packed, product, "MT and NT", Map.of("MT", 6));
            refused(openCl, packed, product, "KC", Map.of("KC", -1));
            refused(openCl, packed, product, "NB", Map.of("NB", Integer.MAX_VALUE));
            refused(
                    openCl,
                    packed,
                    new Gemm(64, 64, 64, false, true, 1, 0, 64, 64, 64, false, Gemm.Epilogue.NONE)
                            .problem("forward", Format.NCHW),
                    "PACK_B",
                    Map.of("PACK_B", 0));
            Problem forward = conv.problem("forward", new Format(DType.F32, 8));
            OpenClCandidate tiled = SettingsCases.tiledConvolution();
            refused(openCl, tiled, forward, "KT", Map.of("KT", 9, "WT", 1));
            refused(openCl, tiled, forward, "WT", Map.of("KT", 1, "WT", 10));
            refused(openCl, tiled, forward, "registers", Map.of("KT", 8, "WT", 9));
            refused(openCl, tiled, forward, "tile of forward", Map.of("CT", 2, "WT", 2));
            refused(openCl, tiled, forward, "tile of forward", Map.of("KT", 2));
            Problem weight = large.problem("backwardWeight", Format.NCHW);
            OpenClCandidate packedWeight = new Conv2dPackedWeightOpenCl();
            assertNull(packedWeight.declines(weight, openCl));
            refused(openCl, packedWeight, weight, "SPLIT", Map.of("SPLIT", 3));
            refused(openCl, packedWeight, weight, "CT by NT", Map.of("CT", 12, "NT", 4));
            refused(openCl, new Conv2dPackedOpenCl(), large.problem("forward", Format.NCHW), "CB", Map.of("CB", 0));
            Problem depthwise = new Conv2d(
                            2, 8, 40, 40, 8, Window.of(3, 3).pad(1).stride(2, 2), 8, false)
                    .problem("backwardInput", Format.NCHW);
            OpenClCandidate own = new Conv2dDepthwiseOpenCl();
            assertNull(own.refuses(depthwise, openCl));
            refused(openCl, own, depthwise, "OT", Map.of("OT", 0));
            refused(openCl, own, depthwise, "multiple of RT", Map.of("OT", 6, "RT", 4));
            refused(openCl, own, depthwise, "that of 2", Map.of("OT", 6, "RT", 3));
            refused(openCl, own, depthwise, "OC", Map.of("OC", 7));
            refused(openCl, own, depthwise, "too far", Map.of("OT", 4000, "RT", 2));
            Problem square =
                    new Conv2d(8, 128, 56, 56, 128, Window.of(3, 3).pad(1), 1, false).problem("forward", Format.NCHW);
            OpenClCandidate winograd = new Conv2dWinogradOpenCl();
            assertNull(winograd.refuses(square, openCl));
            refused(openCl, winograd, square, "JB", Map.of("JB", 0));
            refused(openCl, winograd, square, "registers", Map.of("MT", 12, "NT", 8));
            IllegalArgumentException unknown =
                    assertThrows(IllegalArgumentException.class, () -> packed.with(Map.of("XY", 1)));
            assertEquals(
                    "candidate packed has no setting 'XY', it has [MT, NT, MB, NB, KC, PACK_A, PACK_B]",
                    unknown.getMessage());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Operators.rows().get("add").get(0).with(Map.of("XY", 1)));
        }
    }

    private static void refused(
            OpenClDevice device, OpenClCandidate candidate, Problem problem, String says, Map<String, Integer> bad) {
        String reason = candidate.with(bad).refuses(problem, device);
        assertNotNull(reason, bad + " is taken");
        assertTrue(reason.contains(says), reason);
    }
}
