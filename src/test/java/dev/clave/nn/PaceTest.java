package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PaceTest {
    @Test
    void theQueueIsDrainedAfterEveryBurst() {
        List<Integer> drained = new ArrayList<>();
        int[] at = {0};
        Pace pace = new Pace(() -> drained.add(at[0]));
        while (at[0] < 100) {
            at[0] = pace.after(at[0]);
        }
        assertEquals(List.of(31, 63, 95), drained);
    }
}
