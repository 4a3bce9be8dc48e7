package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every kernel variant on every device, small enough for devices that are thousands of times slower than others. */
@ExtendWith(TestDevices.Parameter.class)
class TinyCasesTest {
    private final TestDevices devices;

    TinyCasesTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void everyVariantAgreesWithTheTwinTwice() {
        for (OpCase op : TinyCases.all(devices.cpu())) {
            devices.forEach(op.geometry(), op.direction(), new int[] {1, 8, 16}, place -> {
                Map<String, Object> got = Harness.run(place, op);
                TinyCases.check(place, op, got);
                Exact.check(place + " run again", got, Harness.run(place, op));
            });
        }
    }

    /** Directions of the catalogue that no case covers would never be seen by the memory checker. */
    @Test
    void everyOperatorAndCandidateIsCovered() {
        Set<String> covered = new TreeSet<>();
        Set<String> all = new TreeSet<>();
        for (OpCase op : TinyCases.all(devices.cpu())) {
            devices.forEach(op.geometry(), op.direction(), new int[] {1, 8, 16}, place -> {
                if (place.device().isOpenCl()) {
                    covered.add(op.geometry().operator() + " " + place.candidate());
                }
            });
            covered.add(op.geometry().operator());
        }
        Operators.rows().forEach((operator, candidates) -> {
            all.add(operator);
            if (!devices.openCl().isEmpty()) {
                candidates.forEach(candidate -> all.add(operator + " " + candidate.name()));
            }
        });
        assertEquals(all, covered);
    }
}
