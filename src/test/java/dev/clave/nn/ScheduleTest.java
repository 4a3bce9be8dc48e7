package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.nn.callback.LearningRateLog;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static double at(Schedule schedule, long step) {
        return schedule.factor(new Schedule.Place(step, 10));
    }

    @Test
    void factorsAreThoseOfTheDefinitions() {
        assertEquals(1, at(Schedule.constant(), 12345));
        Schedule stairs = Schedule.step(2, 0.1);
        assertEquals(1, at(stairs, 19));
        assertEquals(0.1, at(stairs, 20));
        assertEquals(0.01, at(stairs, 59), 1e-15);
        Schedule cosine = Schedule.cosine(4, 0.2);
        assertEquals(1, at(cosine, 0));
        assertEquals(0.6, at(cosine, 20), 1e-15);
        assertEquals(0.2 + 0.8 * 0.5 * (1 + Math.sqrt(0.5)), at(cosine, 10), 1e-12);
        assertEquals(0.2, at(cosine, 40), 1e-15);
        assertEquals(0.2, at(cosine, 400), 1e-15);
        Schedule warm = Schedule.warmUp(10, 0.5, stairs);
        assertEquals(0.5, at(warm, 0));
        assertEquals(0.75, at(warm, 5));
        assertEquals(1, at(warm, 10));
        assertEquals(0.1, at(warm, 25));
        assertEquals(1, at(Schedule.step(1, 1), 5));
        assertEquals(0, at(Schedule.cosine(4, 0), 40));
        assertEquals(1, at(Schedule.cosine(4, 1), 40));
        assertEquals(0, at(Schedule.warmUp(1, 0, stairs), 0));
        assertEquals(1, at(Schedule.warmUp(1, 1, stairs), 0));
        for (double gamma : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> Schedule.step(1, gamma));
            assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(gamma, 0));
        }
        assertThrows(IllegalArgumentException.class, () -> Schedule.warmUp(1, -0.1, stairs));
        assertThrows(IllegalArgumentException.class, () -> Schedule.warmUp(1, 1.1, stairs));
        assertThrows(IllegalArgumentException.class, () -> Schedule.step(0, 0.1));
        assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(0, 0.1));
        assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(1, 2));
        assertThrows(IllegalArgumentException.class, () -> Schedule.warmUp(0, 0, stairs));
    }

    /** The rate is what the update uses, and reading it changes nothing. */
    @Test
    void theUpdateUsesTheRate() {
        ImageDataset data = TestData.rows(64, 1);
        TestData.everyDevice(device -> {
            List<Float> constant = fitted(device, data, Schedule.constant(), 0.5);
            int[] reads = {0};
            Schedule halved = place -> {
                reads[0]++;
                return 0.5;
            };
            assertEquals(fitted(device, data, Schedule.constant(), 0.25), fitted(device, data, halved, 0.5));
            assertNotEquals(constant, fitted(device, data, halved, 0.5));
            List<Float> logged = fitted(device, data, Schedule.cosine(1, 0), 0.5);
            try (Model model = model(device, 0.5)) {
                LearningRateLog log = new LearningRateLog();
                model.fit(FitOptions.of(data)
                        .batchSize(16)
                        .verbose(0)
                        .schedule(Schedule.cosine(1, 0))
                        .callbacks(log, log, log));
                assertEquals(12, log.rates().size());
                assertEquals(0.5, log.rates().get(0));
                assertEquals(0.25, log.rates().get(8), 1e-15);
                assertEquals(logged, TestData.weights(model));
            }
            for (double factor : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1e-9}) {
                assertThrows(IllegalArgumentException.class, () -> fitted(device, data, place -> factor, 0.5));
            }
            try (Model still = model(device, 0.5)) {
                List<Float> before = TestData.weights(still);
                still.fit(FitOptions.of(data).batchSize(16).verbose(0).schedule(place -> 0));
                assertEquals(before, TestData.weights(still), "a rate of 0 is allowed");
            }
        });
    }

    private static Model model(Device device, double rate) {
        return TestData.model(device, 0).prepare(Optimizer.of("sgd", rate), Loss.SOFTMAX_CROSS_ENTROPY);
    }

    private static List<Float> fitted(Device device, ImageDataset data, Schedule schedule, double rate) {
        try (Model model = model(device, rate)) {
            model.fit(FitOptions.of(data).batchSize(16).verbose(0).schedule(schedule));
            return TestData.weights(model);
        }
    }
}
