package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Winograd convolutions on small and awkward shapes, which the catalogue leaves to others because they do not pay. */
@ExtendWith(TestDevices.Parameter.class)
class WinogradConvTest {
    private final TestDevices devices;

    WinogradConvTest(TestDevices devices) {
        this.devices = devices;
    }

    private static Conv2d of(int n, int c, int h, int w, int k, Window pads) {
        return new Conv2d(n, c, h, w, k, pads, 1, true);
    }

    private static List<Conv2d> shapes() {
        Window three = Window.of(3, 3);
        return List.of(
                of(2, 3, 5, 6, 4, three.pad(1)),
                of(3, 5, 7, 7, 13, three),
                of(1, 17, 9, 12, 25, three.pad(2)),
                of(2, 4, 6, 23, 9, three.pad(2, 0, 1, 2)),
                of(2, 70, 8, 8, 30, three.pad(1)),
                of(18, 2, 3, 3, 2, three),
                of(1, 6, 33, 40, 26, three.pad(0, 1, 0, 1)));
    }

    /** Small enough for a compiler that takes its time. */
    private List<Conv2d> shapes(Device device) {
        return TinyCases.isSlowToCompile(device) ? shapes().subList(0, 1) : shapes();
    }

    /** With the small tile where compilers are slow. */
    private static OpenClCandidate candidate(Device device) {
        return TinyCases.isSlowToCompile(device)
                ? new Conv2dWinogradOpenCl().with(Map.of("MT", 2, "NT", 2))
                : new Conv2dWinogradOpenCl();
    }

    /** Every shape, direction and layout, whatever the candidate says of its worth: bit for bit, twice. */
    @Test
    void awkwardShapesAreExact() {
        for (Device device : devices.openCl()) {
            int runs = 0;
            for (Conv2d g : shapes(device)) {
                for (String direction : List.of("forward", "backwardInput")) {
                    OpCase op = OpCase.exact("winograd", g, direction);
                    Map<String, Object> expected = Exact.reference(devices, op);
                    for (int lanes : new int[] {1, 4, 16}) {
                        Problem problem = g.problem(direction, new Format(DType.F32, lanes));
                        String what = problem + " lanes " + lanes + " " + g;
                        OpenClDevice openCl = (OpenClDevice) device;
                        Exact.check(what, expected, Harness.run(openCl, problem, candidate(device), op));
                        Exact.check(what + " again", expected, Harness.run(openCl, problem, candidate(device), op));
                        devices.count(device, "conv2d");
                        runs++;
                    }
                }
            }
            assertEquals(shapes(device).size() * 6, runs);
        }
    }

    /** Real numbers: within the bound of the transforms, and the bound is no wider than it must be. */
    @Test
    void realNumbersLieWithinTheBound() {
        for (Device device : devices.openCl()) {
            for (Conv2d g : shapes(device)) {
                for (String direction : List.of("forward", "backwardInput")) {
                    OpCase op = OpCase.real("winograd", g, direction);
                    Harness.run((OpenClDevice) device, op.plain(), candidate(device), op)
                            .forEach((slot, values) -> {
                                double[] got = Values.doubles(values);
                                double[] expected = new double[got.length];
                                var definition = Naive.element(op, slot, false);
                                for (int i = 0; i < expected.length; i++) {
                                    expected[i] = definition.applyAsDouble(i);
                                }
                                Bounds.check(g + " " + direction, expected, got, WinogradBound.of(op, expected));
                                Bounds.warn(g + " " + direction, op, slot, expected, got);
                                // A pad forgotten or a transform's sign would be far outside.
                                double worst = 0;
                                for (int i = 0; i < expected.length; i++) {
                                    worst = Math.max(
                                            worst,
                                            WinogradBound.of(op, expected).applyAsDouble(i));
                                }
                                assertTrue(worst < 1e-2, "a bound of " + worst + " says little");
                            });
                }
            }
        }
    }

    /** The checks above can fail. */
    @Test
    void theOtherDirectionsWindowIsCaught() {
        Conv2d g = shapes().get(0);
        for (Device device : devices.openCl()) {
            for (String direction : List.of("forward", "backwardInput")) {
                OpCase op = OpCase.exact("winograd", g, direction);
                Map<String, Object> expected = Exact.reference(devices, op);
                OpenClCandidate wrong = new PackedConvTest.Changed(
                        candidate(device), launch -> launch.define("GRADIENT", direction.equals("forward") ? 1 : 0));
                Map<String, Object> got = Harness.run((OpenClDevice) device, op.plain(), wrong, op);
                assertTrue(PackedConvTest.differs(expected, got), direction);
            }
        }
    }

    @Test
    void refusalsHaveReasonsAndLargeLayersAreTaken() {
        Window three = Window.of(3, 3).pad(1);
        Conv2d layer = new Conv2d(8, 128, 28, 28, 128, three, 1, false);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            if (openCl.isGpu()) {
                continue;
            }
            for (String direction : List.of("forward", "backwardInput")) {
                assertEquals(
                        "winograd",
                        Operators.candidates(device, layer.problem(direction, Format.NCHW))
                                .get(0));
            }
            refused(openCl, layer, "backwardWeight", "forward and input gradients");
            refused(openCl, layer, "backwardBias", "forward and input gradients");
            refused(openCl, new Conv2d(8, 128, 28, 28, 128, three.stride(2, 2)), "forward", "stride 1");
            refused(openCl, new Conv2d(8, 128, 28, 28, 128, three.dilation(2, 2)), "forward", "stride 1");
            refused(openCl, new Conv2d(8, 128, 28, 28, 128, three, 2, false), "forward", "dense");
            refused(openCl, new Conv2d(8, 128, 28, 28, 128, three.pad(3)), "backwardInput", "pad");
            refused(openCl, shapes().get(0), "forward", "too small");
            refused(openCl, new Conv2d(1, 512, 7, 7, 512, three, 1, false), "forward", "outweigh");
            refused(openCl, new Conv2d(8, 1025, 56, 56, 64, three, 1, false), "forward", "1024 channels");
        }
    }

    private static void refused(OpenClDevice device, Conv2d g, String direction, String says) {
        String reason = new Conv2dWinogradOpenCl().declines(g.problem(direction, Format.NCHW), device);
        assertNotNull(reason, g + " " + direction);
        assertTrue(reason.contains(says), reason);
    }
}
