package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long MILLI = 1_000_000;

    private long now;

    /** Steps after which the queue was drained, when each takes so long. */
    private List<Integer> drained(int steps, long nanosOfStep) {
        List<Integer> drained = new ArrayList<>();
        int[] at = {0};
        Pace pace = new Pace(() -> drained.add(at[0]), () -> now);
        while (at[0] < steps) {
            now += nanosOfStep;
            at[0] = pace.after(at[0]);
        }
        return drained;
    }

    @Test
    void theQueueIsDrainedAfterEveryBurst() {
        assertEquals(List.of(31, 63, 95), drained(100, 100 * MILLI));
    }

    @Test
    void quickStepsAreDrainedLessOften() {
        assertEquals(List.of(31, 95, 223, 479, 735, 991), drained(1000, MILLI / 10));
    }

    /** One millisecond: 64 are too quick, 128 slow enough to be halved. */
    @Test
    void burstsTakeAboutATenthOfASecond() {
        assertEquals(List.of(31, 95, 223, 287, 415, 479), drained(500, MILLI));
    }
}
