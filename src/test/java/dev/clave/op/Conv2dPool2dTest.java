package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The fused block: small integers make every sum exact, so that every candidate equals the parts and itself, run again. */
@ExtendWith(TestDevices.Parameter.class)
class Conv2dPool2dTest {
    private final TestDevices devices;

    Conv2dPool2dTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void everyCandidateEqualsThePartsTwice() {
        int[] tiled = new int[1];
        for (Conv2dPool2d g : FusedCases.geometries()) {
            for (OpCase op : FusedCases.cases(devices.cpu(), g)) {
                devices.forEach(g, op.direction(), new int[] {1, 8, 16}, place -> {
                    tiled[0] += place.candidate().equals("tiled") ? 1 : 0;
                    Map<String, Object> got = Harness.run(place, op);
                    op.expected()
                            .forEach((slot, values) -> Bounds.check(
                                    place + " " + slot, Values.doubles(values), Values.doubles(got.get(slot)), i -> 0));
                    Exact.check(place + " run again", got, Harness.run(place, op));
                });
            }
        }
        assertTrue(
                devices.openCl().isEmpty() || tiled[0] > (PlantedTuning.isSample() ? 2 : 20),
                "tiled ran " + tiled[0] + " times");
    }

    @Test
    void partsThatDoNotFitAreRefused() {
        Conv2d conv = new Conv2d(1, 1, 8, 8, 2, Window.of(3, 3));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Conv2dPool2d(conv, null, new MaxPool2d(1, 2, 8, 8, FusedCases.HALF, false), null));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Conv2dPool2d(conv, null, new Activation(Activation.Kind.RELU, 1, 72, 0), null));
        assertThrows(
                IllegalArgumentException.class,
                () -> FusedCases.of(conv, Activation.Kind.LEAKY_RELU, true, FusedCases.HALF, null));
    }
}
