package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Wrong kernels that the contract must catch: a check that cannot fail would be worthless. */
@ExtendWith(TestDevices.Parameter.class)
class PlantedErrorTest {
    private final TestDevices devices;

    PlantedErrorTest(TestDevices devices) {
        this.devices = devices;
    }

    /** A candidate of the catalogue with its launch tampered with. */
    private record Tampered(OpenClCandidate right, Consumer<Launch> change) implements OpenClCandidate {
        @Override
        public String name() {
            return "tampered";
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            return null;
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            List<Launch> launches = right.launches(problem, device);
            launches.forEach(change);
            return launches;
        }
    }

    private static final Conv2d CONV =
            new Conv2d(2, 3, 7, 6, 4, Window.of(3, 2).pad(1).dilation(2, 1), 1, true);

    /** What the contract says of a candidate: null when it holds, else the message. */
    private @Nullable String verdict(OpenClDevice device, OpCase op, OpenClCandidate candidate) {
        Map<String, Object> expected = Exact.reference(devices, op);
        try {
            Exact.check("planted", expected, Harness.run(device, op.plain(), candidate, op));
            return null;
        } catch (AssertionError e) {
            return e.getMessage();
        }
    }

    private void expectCaught(OpCase op, OpenClCandidate right, Consumer<Launch> change, String message) {
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            assertTrue(
                    verdict(openCl, op, new Tampered(right, launch -> {})) == null, "the untouched candidate passes");
            String got = verdict(openCl, op, new Tampered(right, change));
            assertTrue(got != null && got.contains(message), op + ": " + got);
            devices.count(device, op.geometry().operator());
        }
    }

    @Test
    void aWrongDefineIsCaught() {
        for (OpenClCandidate candidate : Conv2dOpenCl.candidates()) {
            for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
                OpCase op = OpCase.exact("planted", CONV, direction);
                if (devices.openCl().stream()
                        .anyMatch(device -> candidate.refuses(op.plain(), (OpenClDevice) device) != null)) {
                    continue; // made for other geometries
                }
                expectCaught(op, candidate, launch -> launch.define("DILATION_H", 1), ": expected ");
                expectCaught(op, candidate, launch -> launch.define("PAD_LEFT", 0), ": expected ");
            }
        }
    }

    @Test
    void aMissingBiasIsCaught() {
        OpCase op = OpCase.exact("planted", new BiasAdd(2, 3, 4), "forward");
        OpenClCandidate right = BiasAddOpenCl.candidates().get(0);
        // One channel instead of three: every position gets the first bias.
        expectCaught(op, right, launch -> launch.arguments.set(4, new Launch.Int(1)), "output[4]: expected ");
    }

    @Test
    void writingBeyondTheTensorIsCaught() {
        OpCase op = OpCase.exact("planted", new Add(3, 7), "forward");
        expectCaught(
                op,
                AddOpenCl.candidates().get(0),
                launch -> launch.arguments.set(3, new Launch.Int(22)),
                "'output' of 21 elements: written at 21");
    }

    @Test
    void anUnwrittenElementIsCaught() {
        OpCase op = OpCase.exact("planted", new Add(3, 7), "forward");
        expectCaught(
                op,
                AddOpenCl.candidates().get(0),
                launch -> launch.arguments.set(3, new Launch.Int(20)),
                "'output' was not written at 20");
    }

    @Test
    void anErrorThatLeansIsWarnedOf() {
        double[] expected = {1, 1, 1};
        double[] got = {1, 1 + 15 * Bounds.U, 1 - 17 * Bounds.U};
        assertTrue(Bounds.suspicious(expected, got, i -> 1, 16).startsWith("[2] errs 1.0625 times"), "16 u are usual");
        assertTrue(Bounds.suspicious(expected, got, i -> 2, 16) == null, "32 u are");
    }

    @Test
    void oneUnitTooManyIsCaught() {
        double[] expected = {1, 2, 3};
        OpCase op = OpCase.real("planted", new BiasAdd(4, 3, 5), "backwardBias");
        double[] size = new double[3];
        java.util.Arrays.setAll(size, i -> Bounds.of(op, "gradBias", expected).applyAsDouble(i));
        Bounds.check("just inside", expected, new double[] {1 + size[0] * 0.99, 2, 3}, i -> size[i]);
        assertThrows(
                AssertionError.class,
                () -> Bounds.check("just outside", expected, new double[] {1, 2, 3 + size[2] * 1.01}, i -> size[i]));
        assertThrows(
                AssertionError.class,
                () -> Bounds.check("no number", expected, new double[] {1, Double.NaN, 3}, i -> size[i]));
    }
}
