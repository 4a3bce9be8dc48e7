package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Convolutions with a group to each channel: tails of tiles, rows and vectors, strides, dilation, several tiles of an image. */
@ExtendWith(TestDevices.Parameter.class)
class DepthwiseConvTest {
    private final TestDevices devices;

    DepthwiseConvTest(TestDevices devices) {
        this.devices = devices;
    }

    private static Conv2d of(int n, int c, int h, int w, Window window) {
        return new Conv2d(n, c, h, w, c, window, c, true);
    }

    /** Small enough for a compiler that takes its time. */
    private static List<Conv2d> small() {
        return List.of(
                of(3, 3, 4, 5, Window.of(2, 2).pad(1, 0, 0, 1)),
                of(2, 2, 5, 6, Window.of(3, 2).pad(1).stride(2, 2)));
    }

    private static List<Conv2d> shapes() {
        Window three = Window.of(3, 3);
        List<Conv2d> all = new ArrayList<>(small());
        all.addAll(List.of(
                of(3, 5, 7, 7, three.pad(1)),
                of(2, 3, 14, 14, three.pad(1)),
                of(2, 3, 29, 28, three.pad(1).stride(2, 2)),
                of(2, 2, 113, 37, three.pad(1)),
                of(1, 2, 67, 113, three.pad(1).stride(2, 2)),
                of(2, 2, 12, 40, three.pad(4)),
                of(2, 3, 20, 21, three.pad(1, 0, 2, 3).stride(3, 1).dilation(2, 1)),
                of(2, 2, 21, 20, three.stride(1, 3).dilation(1, 2)),
                of(2, 2, 17, 35, Window.of(1, 1).stride(3, 2)),
                of(2, 2, 11, 40, Window.of(5, 5).pad(2).stride(2, 2)),
                of(2, 1, 12, 19, Window.of(7, 7).pad(3)),
                of(2, 1, 12, 50, Window.of(2, 3).stride(2, 4).dilation(3, 2)),
                of(1, 2, 1, 70, Window.of(1, 5).pad(0, 2, 0, 2)),
                of(2, 40, 3, 3, three.pad(1)),
                new Conv2d(3, 4, 9, 18, 12, three.pad(1), 4, false)));
        return all;
    }

    private List<Conv2d> shapes(Device device) {
        return TinyCases.isSlowToCompile(device) ? small() : shapes();
    }

    /** Every shape and direction, bit for bit, twice; the layouts of samples side by side take turns. */
    @Test
    void awkwardShapesAreExact() {
        int runs = 0;
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            int turn = 0;
            for (Conv2d g : shapes(device)) {
                turn++;
                for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
                    OpCase op = OpCase.exact("depthwise", g, direction);
                    Map<String, Object> expected = Exact.reference(devices, op);
                    for (int lanes : new int[] {1, turn % 2 == 0 ? 4 : 16}) {
                        Problem problem = g.problem(direction, new Format(DType.F32, lanes));
                        OpenClCandidate candidate = new Conv2dDepthwiseOpenCl();
                        if (g.k() > g.c() && direction.equals("backwardInput")) {
                            continue; // refused, see below
                        }
                        String what = problem + " lanes " + lanes + " " + g;
                        Exact.check(what, expected, Harness.run(openCl, problem, candidate, op));
                        Exact.check(what + " again", expected, Harness.run(openCl, problem, candidate, op));
                        devices.count(device, "conv2d");
                        runs++;
                    }
                }
            }
        }
        assertTrue(devices.openCl().isEmpty() || runs >= 12, "only " + runs);
    }

    /** The check above can fail. */
    @Test
    void aWrongPadIsCaught() {
        Conv2d g = small().get(0);
        for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
            OpCase op = OpCase.exact("depthwise", g, direction);
            Map<String, Object> expected = Exact.reference(devices, op);
            for (Device device : devices.openCl()) {
                OpenClCandidate wrong =
                        new PackedConvTest.Changed(new Conv2dDepthwiseOpenCl(), launch -> launch.define("PAD_LEFT", 1));
                Map<String, Object> got = Harness.run((OpenClDevice) device, op.plain(), wrong, op);
                assertTrue(PackedConvTest.differs(expected, got), direction);
            }
        }
    }

    @Test
    void refusalsHaveReasonsAndLayersAreTaken() {
        Window three = Window.of(3, 3).pad(1);
        Conv2d layer = of(8, 128, 28, 28, three);
        Conv2d large = of(8, 32, 112, 112, three);
        Conv2d several = new Conv2d(3, 4, 9, 18, 12, three, 4, false);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            if (openCl.isGpu()) {
                continue;
            }
            for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
                assertEquals(
                        "depthwise",
                        Operators.candidates(device, layer.problem(direction, Format.NCHW))
                                .get(0));
                // Full vectors without a copy: there only large images gain.
                Format full = new Format(DType.F32, 16);
                refused(openCl, layer, direction, full, "side by side");
                if (direction.equals("backwardWeight")) {
                    refused(openCl, large, direction, full, "side by side");
                } else {
                    assertNull(new Conv2dDepthwiseOpenCl().declines(large.problem(direction, full), openCl));
                }
            }
            Conv2d far = of(1, 2, 900, 900, three.dilation(400, 400));
            refused(openCl, far, "forward", Format.NCHW, "too far");
            refused(openCl, of(1, 2, 50, 50, Window.of(6, 6)), "forward", Format.NCHW, "25 taps");
            refused(openCl, of(1, 2, 50, 50, Window.of(8, 8)), "backwardWeight", Format.NCHW, "49 taps");
            refused(openCl, several, "backwardInput", Format.NCHW, "several output channels");
            refused(openCl, new Conv2d(2, 4, 9, 9, 4, three, 2, false), "forward", Format.NCHW, "each channel");
            refused(openCl, layer, "backwardBias", Format.NCHW, "bias");
            refused(openCl, layer, "forward", new Format(DType.F64, 1), "single precision");
        }
    }

    private static void refused(OpenClDevice device, Conv2d g, String direction, Format format, String says) {
        String reason = new Conv2dDepthwiseOpenCl().declines(g.problem(direction, format), device);
        assertNotNull(reason, g + " " + direction);
        assertTrue(reason.contains(says), reason);
    }
}
