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

    @Test
    void statesOfCallbacksComeBack() {
        Map<String, Double> worse = Map.of("evalLoss", 2.0, "loss", 1.0);
        try (dev.clave.Device device = dev.clave.Device.cpu();
                dev.clave.nn.Model model = new dev.clave.nn.Model(device, dev.clave.nn.Layers.linear(2, 2))) {
            Script script = new Script(model);
            ReduceOnPlateau first = new ReduceOnPlateau("evalLoss", Monitor.Mode.MIN, 0.5, 2, 0, 0.5);
            EarlyStopping early = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true);
            script.logs = Map.of("evalLoss", 1.0, "loss", 1.0);
            first.epochEnd(script);
            early.epochEnd(script);
            script.logs = worse;
            first.epochEnd(script);
            early.epochEnd(script);
            State reduce = new State();
            first.save(reduce);
            State stop = new State();
            early.save(stop);
            ReduceOnPlateau second = new ReduceOnPlateau("evalLoss", Monitor.Mode.MIN, 0.5, 2, 0, 0.5);
            second.restore(reduce);
            assertEquals(1, script.rate);
            second.epochEnd(script);
            assertEquals(0.5, script.rate, "the second look without improvement; the least rate itself is allowed");
            EarlyStopping third = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true);
            third.restore(stop);
            assertEquals(1, third.best());
            float[] weights = model.values("weight");
            model.values("weight", new float[4]);
            third.epochEnd(script);
            assertTrue(script.stopped);
            third.trainEnd(script);
            org.junit.jupiter.api.Assertions.assertArrayEquals(weights, model.values("weight"));
        }
    }

    @Test
    void rangesAreChecked() {
        for (double factor : new double[] {0, 1, Double.NaN}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new ReduceOnPlateau("loss", Monitor.Mode.MIN, factor, 1, 0, 0));
        }
        assertThrows(IllegalArgumentException.class, () -> new ReduceOnPlateau("loss", Monitor.Mode.MIN, 0.5, 0, 0, 0));
        assertThrows(
                IllegalArgumentException.class, () -> new ReduceOnPlateau("loss", Monitor.Mode.MIN, 0.5, 1, 0, -1));
        assertEquals(-1, new StopOnNaN(1).stoppedStep());
        assertThrows(IllegalArgumentException.class, () -> new StopOnNaN(0));
        State state = new State();
        state.put("a", 2.5);
        assertEquals(2.5, state.number("a", 1));
        assertEquals(1, state.number("b", 1));
    }
}
