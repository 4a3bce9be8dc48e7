package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The packed convolutions on small and awkward shapes, which the catalogue leaves to others because copies do not pay. */
@ExtendWith(TestDevices.Parameter.class)
class PackedConvTest {
    private final TestDevices devices;

    PackedConvTest(TestDevices devices) {
        this.devices = devices;
    }

    private static List<Conv2d> shapes() {
        Window three = Window.of(3, 3);
        return List.of(
                new Conv2d(2, 3, 7, 6, 4, Window.of(3, 2).pad(1).dilation(2, 1), 1, true),
                new Conv2d(3, 20, 9, 7, 13, three.pad(1).stride(2, 2), 1, true),
                new Conv2d(2, 6, 12, 15, 4, three.pad(1, 0, 2, 3).stride(3, 1).dilation(2, 1), 2, true),
                new Conv2d(2, 6, 12, 15, 4, Window.of(1, 1).stride(2, 2), 2, false),
                new Conv2d(17, 60, 7, 7, 30, Window.of(1, 1), 1, true),
                new Conv2d(1, 6, 12, 12, 30, Window.of(1, 1), 1, true),
                new Conv2d(3, 34, 7, 5, 70, Window.of(1, 1), 2, true),
                new Conv2d(18, 17, 3, 3, 23, Window.of(1, 1), 1, false),
                new Conv2d(2, 300, 4, 4, 26, three.pad(1), 1, true),
                new Conv2d(2, 3, 30, 30, 16, Window.of(7, 7).pad(3).stride(2, 2), 1, false),
                new Conv2d(2, 8, 9, 9, 8, three.pad(4), 8, true));
    }

    /** Every shape and direction, both layouts, whatever the candidate says of its worth; bit for bit, twice. */
    @Test
    void awkwardShapesAreExact() {
        int runs = 0;
        for (Conv2d g : shapes()) {
            for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
                OpCase op = OpCase.exact("packed", g, direction);
                Map<String, Object> expected = Exact.reference(devices, op);
                OpenClCandidate candidate = candidate(direction);
                for (Device device : devices.openCl()) {
                    for (int lanes : new int[] {1, 8, 16}) {
                        Problem problem = g.problem(direction, new Format(DType.F32, lanes));
                        String what = problem + " lanes " + lanes + " " + g;
                        Exact.check(what, expected, Harness.run((OpenClDevice) device, problem, candidate, op));
                        Exact.check(
                                what + " again", expected, Harness.run((OpenClDevice) device, problem, candidate, op));
                        devices.count(device, "conv2d");
                        runs++;
                    }
                }
            }
        }
        assertEquals(shapes().size() * 9 * devices.openCl().size(), runs);
    }

    private static OpenClCandidate candidate(String direction) {
        return direction.equals("backwardWeight") ? new Conv2dPackedWeightOpenCl() : new Conv2dPackedOpenCl();
    }

    /** A candidate whose launches are changed after the fact. */
    record Changed(OpenClCandidate right, Consumer<Launch> change) implements OpenClCandidate {
        @Override
        public String name() {
            return "changed";
        }

        @Override
        public String refuses(Problem problem, OpenClDevice device) {
            throw new UnsupportedOperationException("not asked");
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            List<Launch> launches = right.launches(problem, device);
            launches.forEach(change);
            return launches;
        }
    }

    /** Whether the check above fails. */
    static boolean differs(Map<String, Object> expected, Map<String, Object> got) {
        try {
            Exact.check("changed", expected, got);
            return false;
        } catch (AssertionError e) {
            return true;
        }
    }

    /** The check above can fail. */
    @Test
    void aWrongMacroIsCaught() {
        Conv2d g = shapes().get(0);
        for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
            OpCase op = OpCase.exact("packed", g, direction);
            Map<String, Object> expected = Exact.reference(devices, op);
            for (Device device : devices.openCl()) {
                boolean caught = false;
                try {
                    Harness.run(
                                    (OpenClDevice) device,
                                    op.plain(),
                                    new Changed(candidate(direction), launch -> launch.define("DILATION_H", 1)),
                                    op)
                            .forEach((slot, values) -> Exact.check("changed", expected, Map.of(slot, values)));
                } catch (AssertionError e) {
                    caught = true;
                }
                assertTrue(caught, direction);
            }
        }
    }

    @Test
    void refusalsHaveReasonsAndLargeLayersAreTaken() {
        Conv2d layer = new Conv2d(2, 64, 28, 28, 64, Window.of(5, 5).pad(2), 1, false);
        Conv2d shared = new Conv2d(
                8, 64, 28, 28, 64, Window.of(3, 3).pad(2).stride(2, 2).dilation(2, 2), 1, false);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            if (openCl.isGpu()) {
                continue;
            }
            OpenClCandidate packed = new Conv2dPackedOpenCl();
            assertNull(packed.declines(layer.problem("forward", Format.NCHW), openCl));
            assertNotNull(packed.doubts(shapes().get(0).problem("forward", Format.NCHW), openCl));
            assertNotNull(packed.refuses(layer.problem("forward", new Format(DType.F64, 1)), openCl));
            assertEquals(
                    "stride and dilation have a common factor",
                    packed.refuses(shared.problem("backwardInput", Format.NCHW), openCl));
            assertEquals(
                    "packed",
                    Operators.candidates(device, layer.problem("forward", Format.NCHW))
                            .get(0));
            assertFalse(Operators.candidates(device, layer.problem("backwardWeight", Format.NCHW))
                    .contains("packed"));
        }
    }

    /** A workspace lives as long as its invocation. */
    @Test
    void closingReleasesTheWorkspace() {
        Problem problem = shapes().get(1).problem("forward", Format.NCHW);
        for (Device device : devices.openCl()) {
            long before = device.liveBytes();
            try (Invocation run = Invocation.openCl((OpenClDevice) device, problem, new Conv2dPackedOpenCl())) {
                assertEquals("packed", run.candidate());
                assertTrue(device.liveBytes() > before);
            }
            assertEquals(before, device.liveBytes());
        }
    }
}
