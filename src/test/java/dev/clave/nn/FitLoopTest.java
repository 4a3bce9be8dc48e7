package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the loop of fit owes to callbacks and batch sources, step by step. */
class FitLoopTest {
    private final ImageDataset train = TestData.rows(96, 1);
    private final ImageDataset test = TestData.rows(20, 2);

    private static FitOptions silent(BatchSource data) {
        return FitOptions.of(data).verbose(0);
    }

    /** A dataset that says which samples were asked for, by whom. */
    private static final class Asked implements BatchSource {
        private final BatchSource plain;
        private final List<Integer> samples = Collections.synchronizedList(new ArrayList<>());
        private final TreeSet<Integer> epochs = new TreeSet<>();
        private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());

        private Asked(ImageDataset data) {
            this.plain = BatchSource.of(data);
        }

        @Override
        public String name() {
            return "asked";
        }

        @Override
        public int size() {
            return plain.size();
        }

        @Override
        public int height() {
            return plain.height();
        }

        @Override
        public int width() {
            return plain.width();
        }

        @Override
        public int classes() {
            return plain.classes();
        }

        @Override
        public int sample(int epoch, int index, byte[] pixels, int offset) {
            samples.add(index);
            threads.add(Thread.currentThread());
            synchronized (epochs) {
                epochs.add(epoch);
            }
            return plain.sample(epoch, index, pixels, offset);
        }

        private boolean isSoon(int count) throws InterruptedException {
            for (int tries = 0; samples.size() < count && tries < 1000; tries++) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            return samples.size() >= count;
        }
    }

    private static void fit(FitOptions options) {
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            model.fit(options);
        }
    }

    /** 96 batches are three uploads of 32; workers prepare the next one while one is used, and no further one. */
    @Test
    void workersAreOneUploadAhead() {
        for (int workers : new int[] {0, 2}) {
            Asked asked = new Asked(train);
            List<Integer> seen = new ArrayList<>();
            fit(silent(asked).numWorkers(workers).epochs(2).callbacks(new Callback() {
                @Override
                public void batchEnd(Context context) {
                    int ahead = workers == 0 ? 32 : 64;
                    int before = 96 * context.epoch();
                    int expected = before + Math.min(96, (context.step() - 1) / 32 * 32 + ahead);
                    try {
                        assertTrue(asked.isSoon(expected), "step " + context.step());
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    seen.add(asked.samples.size() - expected);
                }
            }));
            assertEquals(192, seen.size());
            assertEquals(Collections.nCopies(192, 0), seen, workers + " workers");
            for (int epoch = 0; epoch < 2; epoch++) {
                List<Integer> once = new ArrayList<>(asked.samples.subList(96 * epoch, 96 * epoch + 96));
                Collections.sort(once);
                for (int i = 0; i < 96; i++) {
                    assertEquals(i, once.get(i), "every sample once in epoch " + epoch);
                }
            }
            assertEquals(new TreeSet<>(List.of(0, 1)), asked.epochs);
        }
    }

    /** Workers do not keep the process alive, and end with the fit, also when it was cut. */
    @Test
    void workersEnd() throws InterruptedException {
        for (boolean cut : new boolean[] {false, true}) {
            Asked asked = new Asked(train);
            fit(silent(asked).numWorkers(2).callbacks(new Callback() {
                @Override
                public void batchEnd(Context context) {
                    if (cut) {
                        context.stop();
                    }
                }
            }));
            assertEquals(2, asked.threads.stream().distinct().count());
            for (Thread thread : asked.threads) {
                assertTrue(thread.isDaemon());
                thread.join(10_000);
                assertFalse(thread.isAlive());
            }
        }
    }

    @Test
    void aSpanHasABatch() {
        assertEquals(1, new Feed.Span(0, 1).end());
        assertThrows(IllegalArgumentException.class, () -> new Feed.Span(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Feed.Span(1, 1));
    }

    /** The sum of gradients serves the fit that asked for it, and nobody after. */
    @Test
    void groupsOfBatchesEndWithTheirFit() {
        int[] labels = {test.labels()[0], test.labels()[1]};
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0);
                Model other = TestData.model(device, 0)) {
            model.prepare(Optimizer.of("sgd", 0.1), Loss.SOFTMAX_CROSS_ENTROPY);
            other.prepare(Optimizer.of("sgd", 0.1), Loss.SOFTMAX_CROSS_ENTROPY);
            model.fit(FitOptions.of(train).batchSize(8).verbose(0).accumulateGradBatches(2));
            model.parameters().keySet().forEach(name -> other.values(name, model.values(name)));
            List<Float> fitted = TestData.weights(model);
            model.trainBatch(model.normalise(test, 0, 1), labels);
            other.trainBatch(other.normalise(test, 0, 1), labels);
            assertNotEquals(fitted, TestData.weights(model));
            assertEquals(TestData.weights(other), TestData.weights(model));
        }
    }

    /** At the begin the rate is that of the first update to come, or of the last one of a resumed run. */
    @Test
    void theRateIsKnownFromTheBegin(@TempDir Path folder) {
        Path file = folder.resolve("c");
        List<Double> rates = new ArrayList<>();
        Callback watch = new Callback() {
            @Override
            public void trainBegin(Context context) {
                rates.add(context.learningRate());
                assertEquals(Context.Phase.TRAIN, context.phase());
                rates.add((double) context.step());
                rates.add((double) context.steps());
                rates.add((double) context.epoch());
                rates.add((double) context.epochs());
            }
        };
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device);
                Model again = TestData.prepared(device)) {
            FitOptions options = FitOptions.of(train).batchSize(16).verbose(0).epochs(3);
            Schedule schedule = Schedule.warmUp(12, 0.5, Schedule.constant());
            model.fit(options.schedule(schedule).callbacks(watch, new Callback() {
                @Override
                public void batchEnd(Context context) {
                    if (context.totalSteps() == 8) {
                        model.interrupt();
                    }
                }
            }));
            model.saveCheckpoint(file);
            again.fit(FitOptions.of(train)
                    .batchSize(16)
                    .verbose(0)
                    .epochs(3)
                    .schedule(schedule)
                    .callbacks(watch)
                    .resume(file));
        }
        assertEquals(10, rates.size());
        assertEquals(List.of(0.005, 0.0, 6.0, 0.0, 3.0), rates.subList(0, 5));
        assertEquals(0.01 * (0.5 + 0.5 * 7 / 12), rates.get(5), 1e-15);
        assertEquals(List.of(2.0, 6.0, 1.0, 3.0), rates.subList(6, 10));
    }

    /** The values of the last epoch are there at the end of training, with those of its evaluation. */
    @Test
    void theEndKnowsTheLastEpoch() {
        List<Map<String, Double>> ends = new ArrayList<>();
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            FitResult result = model.fit(FitOptions.of(train)
                    .evalData(test)
                    .batchSize(16)
                    .verbose(0)
                    .epochs(2)
                    .callbacks(new Callback() {
                        @Override
                        public void trainEnd(Context context) {
                            ends.add(new TreeMap<>(context.logs()));
                        }
                    }));
            assertEquals(new TreeMap<>(result.epochs().get(1)), ends.get(0));
            assertTrue(result.epochs().get(1).getOrDefault("seconds", -1.0) > 0);
            double millis = result.epochs().get(1).getOrDefault("stepMillis", -1.0);
            assertEquals(result.epochs().get(1).getOrDefault("seconds", -1.0) * 1000 / 6, millis, 1e-9);
        }
    }
}
