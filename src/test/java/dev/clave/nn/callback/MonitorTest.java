package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is better, to the border. */
class MonitorTest {
    private static boolean improves(Monitor monitor, double value) {
        return monitor.improves(Map.of("evalLoss", value, "loss", 1.0));
    }

    @Test
    void exactlyTheLeastChangeIsNone() {
        Monitor more = new Monitor("evalLoss", Monitor.Mode.MAX, 0.5);
        assertTrue(improves(more, 1));
        assertFalse(improves(more, 0.75));
        assertFalse(improves(more, 1.25));
        assertFalse(improves(more, 1.5));
        assertEquals(1, more.best());
        assertTrue(improves(more, 1.75));
        Monitor less = new Monitor("evalLoss", Monitor.Mode.MIN, 0.5);
        assertTrue(improves(less, 1));
        assertFalse(improves(less, 1.25));
        assertFalse(improves(less, 0.75));
        assertFalse(improves(less, 0.5));
        assertTrue(improves(less, 0.25));
        assertEquals(0.25, less.best());
    }

    @Test
    void anEpochWithoutEvaluationIsNoImprovement() {
        Monitor monitor = new Monitor("evalLoss", Monitor.Mode.MIN, 0);
        assertFalse(monitor.improves(Map.of("loss", 1.0)));
        assertEquals(Double.POSITIVE_INFINITY, monitor.best());
        assertThrows(
                IllegalArgumentException.class,
                () -> new Monitor("other", Monitor.Mode.MIN, 0).improves(Map.of("loss", 1.0)));
        assertThrows(IllegalArgumentException.class, () -> new Monitor("loss", Monitor.Mode.MIN, -1e-9));
    }

    /** What is restored takes the place of what was there. */
    @Test
    void restoringForgets() {
        State state = new State();
        state.put("row0", "{\"epoch\": 4}");
        History history = new History();
        history.restore(state);
        history.restore(state);
        assertEquals(1, history.rows().size());
        assertEquals(4.0, history.rows().get(0).get("epoch"));
    }
}
