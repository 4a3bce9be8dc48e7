package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Winograd along rows on small and awkward shapes, which the catalogue leaves to others because they do not pay. */
@ExtendWith(TestDevices.Parameter.class)
class Winograd1dTest {
    private static final List<String> DIRECTIONS = List.of("forward", "backwardInput", "backwardWeight");
    private final TestDevices devices;

    Winograd1dTest(TestDevices devices) {
        this.devices = devices;
    }

    /** Windows two to nine columns wide, odd and even rows of the output, pads wider than the window, tails of channels. */
    private static List<Conv2d> shapes() {
        return List.of(
                new Conv2d(2, 3, 5, 6, 5, Window.of(3, 3).pad(1), 1, true),
                new Conv2d(18, 2, 7, 9, 7, Window.of(5, 5), 1, true),
                new Conv2d(3, 1, 6, 8, 6, Window.of(5, 5).pad(2), 1, true),
                new Conv2d(1, 5, 4, 7, 3, Window.of(1, 2).pad(0, 3, 0, 1), 1, false),
                new Conv2d(
                        2,
                        2,
                        9,
                        5,
                        9,
                        Window.of(2, 4).stride(2, 1).dilation(3, 1).pad(1, 0, 2, 1),
                        1,
                        true),
                new Conv2d(1, 2, 3, 11, 2, Window.of(3, 6), 1, false),
                new Conv2d(17, 1, 2, 12, 3, Window.of(2, 7).pad(0, 2, 0, 2), 1, true),
                new Conv2d(1, 2, 2, 10, 2, Window.of(1, 8), 1, true),
                new Conv2d(2, 1, 3, 9, 2, Window.of(3, 9).pad(1, 4, 1, 4), 1, false));
    }

    private static List<Conv2d> shapes(Device device) {
        return TinyCases.isSlowToCompile(device) ? shapes().subList(0, 1) : shapes();
    }

    private static OpenClCandidate candidate() {
        return new Conv2dWinograd1dOpenCl();
    }

    @Test
    void awkwardShapesAreExactTwice() {
        for (Device device : devices.openCl()) {
            if (((OpenClDevice) device).isGpu()) {
                System.out.println("winograd1d is not for GPUs: not run on " + device.name());
                continue;
            }
            for (Conv2d g : shapes(device)) {
                for (String direction : DIRECTIONS) {
                    OpCase op = OpCase.exact("winograd1d", g, direction);
                    Map<String, Object> expected = Exact.reference(devices, op);
                    for (int lanes : new int[] {1, 8, 16}) {
                        Problem problem = g.problem(direction, new Format(DType.F32, lanes));
                        OpenClCandidate candidate = candidate();
                        assertNull(candidate.refuses(problem, (OpenClDevice) device), g + " " + direction);
                        for (String what : List.of(" once", " again")) {
                            Exact.check(
                                    problem + " lanes " + lanes + " " + g + what,
                                    expected,
                                    Harness.run((OpenClDevice) device, problem, candidate, op));
                        }
                        devices.count(device, "conv2d");
                    }
                }
            }
        }
    }

    @Test
    void realNumbersLieWithinTheBound() {
        for (Device device : devices.openCl()) {
            if (((OpenClDevice) device).isGpu()) {
                continue;
            }
            for (Conv2d g : shapes(device)) {
                for (String direction : DIRECTIONS) {
                    OpCase op = OpCase.real("winograd1d", g, direction);
                    Harness.run((OpenClDevice) device, op.plain(), candidate(), op)
                            .forEach((slot, values) -> {
                                double[] got = Values.doubles(values);
                                double[] expected = new double[got.length];
                                IntToDoubleFunction definition = Naive.element(op, slot, false);
                                for (int i = 0; i < expected.length; i++) {
                                    expected[i] = definition.applyAsDouble(i);
                                }
                                IntToDoubleFunction bound = Winograd1dBound.of(op, expected);
                                Bounds.check(g + " " + direction, expected, got, bound);
                                Bounds.warn(g + " " + direction, op, slot, expected, got);
                                // A pad forgotten or a transform's sign would be far outside.
                                for (int i = 0; i < expected.length; i++) {
                                    assertTrue(bound.applyAsDouble(i) < 1e-2, "a bound that says little");
                                }
                            });
                }
            }
        }
    }

    /** The checks above can fail: numbers made for the other direction, and a window a column too far to the right. */
    @Test
    void mistakesAreCaught() {
        Conv2d g = shapes().get(0);
        for (Device device : devices.openCl()) {
            if (((OpenClDevice) device).isGpu()) {
                continue;
            }
            for (String direction : DIRECTIONS) {
                OpCase op = OpCase.exact("winograd1d", g, direction);
                Map<String, Object> expected = Exact.reference(devices, op);
                OpenClCandidate wrong = new PackedConvTest.Changed(candidate(), launch -> launch.define("PAD_LEFT", 0));
                Map<String, Object> got = Harness.run((OpenClDevice) device, op.plain(), wrong, op);
                assertTrue(PackedConvTest.differs(expected, got), direction);
                if (!direction.equals("backwardWeight")) {
                    wrong = new PackedConvTest.Changed(
                            candidate(), launch -> launch.define("GRADIENT", direction.equals("forward") ? 1 : 0));
                    got = Harness.run((OpenClDevice) device, op.plain(), wrong, op);
                    assertTrue(PackedConvTest.differs(expected, got), direction);
                }
            }
        }
    }

    /** A block with pooling gives the bits of the convolution that is run alone, real numbers and ties of argmax included. */
    @Test
    void aBlockWithPoolingHasTheBitsOfItsParts() {
        OpenClCandidate block = Operators.rows().get("conv2d_pool2d").get(0);
        assertEquals("winograd1d", block.name());
        List<Conv2dPool2d> blocks = new ArrayList<>();
        for (Conv2d conv : shapes()) {
            Window window = conv.oh() < 2 ? Window.of(1, 3).stride(1, 3) : FusedCases.HALF;
            blocks.add(FusedCases.of(conv, null, true, window, null));
        }
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            if (openCl.isGpu()) {
                continue;
            }
            int runs = 0;
            for (Conv2dPool2d g : TinyCases.isSlowToCompile(device) ? blocks.subList(0, 1) : blocks) {
                Problem problem = g.problem("forward", new Format(DType.F32, 16));
                if (block.refuses(problem, openCl) != null) {
                    continue;
                }
                OpCase conv = OpCase.real("winograd1d", g.conv(), "forward");
                Map<String, Object> plain =
                        Harness.run(openCl, g.conv().problem("forward", new Format(DType.F32, 16)), candidate(), conv);
                OpCase fused = new OpCase("fused", g, "forward", conv.inputs(), Map.of(), Map.of());
                OpCase pool = new OpCase(
                        "pool",
                        g.pool(),
                        "forward",
                        new LinkedHashMap<>(Map.of("input", plain.get("output"))),
                        Map.of(),
                        Map.of());
                Map<String, Object> parts =
                        Harness.run(new TestDevices.Place(devices.cpu(), pool.plain(), "reference"), pool);
                Map<String, Object> got = Harness.run(openCl, problem, block, fused);
                Exact.check(g.toString(), parts, got);
                runs++;
            }
            assertTrue(runs >= (TinyCases.isSlowToCompile(device) ? 1 : 6), device.name() + " ran " + runs);
        }
    }

    @Test
    void refusalsHaveReasonsAndLeNetIsTaken() {
        Conv2d second = new Conv2d(64, 6, 14, 14, 16, Window.of(5, 5), 1, true);
        Format lanes = new Format(DType.F32, 16);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            if (openCl.isGpu()) {
                refused(openCl, second, "forward", lanes, "CPU");
                continue;
            }
            for (String direction : DIRECTIONS) {
                assertNull(new Conv2dWinograd1dOpenCl().declines(second.problem(direction, lanes), openCl), direction);
                refused(openCl, second, direction, Format.NCHW, "too few");
                refused(openCl, new Conv2d(64, 6, 14, 14, 16, Window.of(5, 5), 2, true), direction, lanes, "dense");
                refused(openCl, new Conv2d(64, 6, 14, 14, 16, Window.of(5, 1), 1, true), direction, lanes, "wide");
                refused(
                        openCl,
                        new Conv2d(64, 6, 14, 14, 16, Window.of(5, 5).stride(1, 2), 1, true),
                        direction,
                        lanes,
                        "stride 1");
                refused(openCl, new Conv2d(1, 1, 28, 28, 6, Window.of(5, 5), 1, true), direction, lanes, "too few");
            }
            refused(openCl, second, "backwardBias", lanes, "bias");
            // An image's gradient of weights is made with that of the block's activation, in the direct order.
            refused(openCl, new Conv2d(64, 1, 32, 32, 6, Window.of(5, 5), 1, true), "backwardWeight", lanes, "too few");
            refused(openCl, new Conv2d(64, 1200, 14, 14, 6, Window.of(5, 5), 1, true), "forward", lanes, "exact");
        }
    }

    private static void refused(OpenClDevice device, Conv2d g, String direction, Format format, String says) {
        String reason = new Conv2dWinograd1dOpenCl().declines(g.problem(direction, format), device);
        assertNotNull(reason, g + " " + direction);
        assertTrue(reason.contains(says), reason);
    }
}
