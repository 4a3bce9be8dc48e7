package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.data.ImageDataset;
import dev.clave.data.Transforms;
import dev.clave.internal.rng.Philox;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.op.Window;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
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

        /** Samples it gives; whoever asks for more waits until he is interrupted. */
        private final int most;

        private Asked(ImageDataset data) {
            this(data, Integer.MAX_VALUE);
        }

        private Asked(ImageDataset data, int most) {
            this.plain = BatchSource.of(data);
            this.most = most;
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
            if (samples.size() > most) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
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

    /** A fit leaves no memory behind, and takes none for sums of gradients that nobody asked for. */
    @Test
    void aFitGivesItsMemoryBack() {
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            long before = device.liveBytes();
            model.fit(silent(BatchSource.of(train)).evalData(test).numIters(2));
            assertEquals(before, device.liveBytes());
        }
    }

    /** An evaluation for which the memory is too small gives back what it took. */
    @Test
    void anEvaluationThatFailsGivesItsMemoryBack() {
        ImageDataset large = TestData.rows(3000, 3);
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            long before = device.liveBytes();
            device.memoryLimit(before + 300_000); // the images alone are 432,000 bytes
            assertThrows(DeviceOutOfMemoryException.class, () -> model.evaluate(large, 1));
            assertEquals(before, device.liveBytes());
            assertTrue(model.evaluate(test, 1).containsKey("loss"));
        }
    }

    /** Every epoch has the order that the seed and the number of the epoch give. */
    @Test
    void theOrderOfAnEpochIsKnown() {
        Asked asked = new Asked(train);
        fit(silent(asked).epochs(3));
        List<Integer> expected = new ArrayList<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            int[] order = Samples.identity(96);
            new Philox(7, -1 - epoch).shuffle(order);
            Arrays.stream(order).forEach(expected::add);
        }
        assertEquals(expected, asked.samples);
    }

    /** Metrics on the host get the labels of their samples, wherever the samples come from. */
    @Test
    void metricsSeeTheSameLabelsFromEverySource() {
        List<Double> seen = new ArrayList<>();
        for (BatchSource source : new BatchSource[] {BatchSource.of(train), new Asked(train)}) {
            try (Device device = Device.cpu();
                    Model model = TestData.model(device, 0)
                            .prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy(1, 3))) {
                Map<String, Double> epoch =
                        model.fit(silent(source).batchSize(8)).epochs().get(0);
                seen.add(epoch.getOrDefault("acc_top1", -1.0));
                seen.add(epoch.getOrDefault("acc_top3", -1.0));
            }
        }
        assertEquals(seen.subList(0, 2), seen.subList(2, 4));
        assertTrue(seen.get(0) > 0 && seen.get(0) < seen.get(1), seen.toString());
    }

    /** A thread that is told to stop while it waits for a worker, here for the second upload, does, and stays told. */
    @Test
    void anInterruptEndsTheWait() {
        class Slow implements Callback {
            @Override
            public void batchBegin(Context context) {
                Thread.currentThread().interrupt();
            }
        }
        String message = assertThrows(
                        IllegalStateException.class,
                        () -> fit(silent(new Asked(train, 32)).numWorkers(1).callbacks(new Slow())))
                .getMessage();
        assertEquals("interrupted while batches were prepared", message);
        assertTrue(Thread.interrupted());
    }

    @Test
    void whatCannotBeScoredIsRefused() {
        try (Device device = Device.cpu();
                Model headless = new Model(device, Layers.conv2d(1, 2, Window.of(3, 3)), InputSpec.image(1, 12, 12))) {
            headless.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY);
            String message = assertThrows(
                            IllegalArgumentException.class, () -> headless.fit(silent(BatchSource.of(train))))
                    .getMessage();
            assertTrue(String.valueOf(message).contains("takes [classes]"), message);
        }
    }

    /** Before a batch, and where there is no loss, there are no losses of batches. */
    @Test
    void thereAreNoLossesWithoutBatches() {
        List<Integer> counts = new ArrayList<>();
        Callback watch = new Callback() {
            @Override
            public void trainBegin(Context context) {
                counts.add(context.batchLosses().length);
                counts.add(context.values().size());
            }

            @Override
            public void predictEnd(Context context) {
                counts.add(context.batchLosses().length);
            }
        };
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            model.fit(silent(BatchSource.of(train)).numIters(1).callbacks(watch));
            model.predict(test, 5, watch);
        }
        assertEquals(List.of(0, 0, 0), counts);
    }

    @Test
    void aFactorOfTheRateIsAboveZero() {
        for (double factor : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            FitOptions options = silent(BatchSource.of(train)).callbacks(new Callback() {
                @Override
                public void trainBegin(Context context) {
                    context.scaleLearningRate(factor);
                }
            });
            String message = assertThrows(IllegalArgumentException.class, () -> fit(options))
                    .getMessage();
            assertEquals("learning rate: the factor is finite and above 0, got " + factor, message);
        }
    }

    /** After an evaluation an epoch's end is about training again. */
    @Test
    void theEndOfAnEpochIsAboutTraining() {
        List<Object> seen = new ArrayList<>();
        fit(silent(BatchSource.of(train)).batchSize(16).evalData(test).epochs(2).callbacks(new Callback() {
            @Override
            public void epochEnd(Context context) {
                seen.addAll(List.of(
                        context.phase(),
                        context.epoch(),
                        context.step(),
                        context.steps(),
                        context.samples(),
                        context.batchLosses().length));
            }
        }));
        Context.Phase train = Context.Phase.TRAIN;
        assertEquals(List.of(train, 0, 6, 6, 96, 6, train, 1, 6, 6, 96, 6), seen);
    }

    /** A checkpoint in the middle of an epoch, of which nobody has asked the loss, has the losses so far. */
    @Test
    void savingInTheMiddleOfAnEpochKeepsItsLosses(@TempDir Path folder) {
        Path file = folder.resolve("c");
        FitOptions options = silent(BatchSource.of(train)).batchSize(16);
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device);
                Model again = TestData.prepared(device)) {
            FitResult whole = model.fit(options.callbacks(new Callback() {
                @Override
                public void batchEnd(Context context) {
                    if (context.step() == 4) {
                        model.saveCheckpoint(file);
                    }
                }
            }));
            FitResult rest =
                    again.fit(silent(BatchSource.of(train)).batchSize(16).resume(file));
            assertEquals(whole.epochs().get(0).get("loss"), rest.epochs().get(0).get("loss"));
            assertEquals(whole.epochs().get(0).get("acc"), rest.epochs().get(0).get("acc"));
            assertEquals(TestData.weights(model), TestData.weights(again));
            double seconds = rest.epochs().get(0).getOrDefault("seconds", -1.0);
            assertEquals(seconds * 1000 / 2, rest.epochs().get(0).getOrDefault("stepMillis", -1.0), 1e-9);
        }
    }

    /** An epoch of whole batches that was cut in its evaluation still knows its last batch. */
    @Test
    void aTrainedEpochThatIsResumedKnowsItsLastBatch(@TempDir Path folder) {
        Path file = folder.resolve("c");
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device);
                Model again = TestData.prepared(device);
                Model whole = TestData.prepared(device)) {
            model.fit(silent(BatchSource.of(train)).batchSize(8).evalData(test).callbacks(new Callback() {
                @Override
                public void evaluateBegin(Context context) {
                    model.interrupt();
                }
            }));
            model.saveCheckpoint(file);
            Map<String, Double> expected = whole.fit(
                            silent(BatchSource.of(train)).batchSize(8).evalData(test))
                    .epochs()
                    .get(0);
            Map<String, Double> got = again.fit(silent(BatchSource.of(train))
                            .batchSize(8)
                            .evalData(test)
                            .resume(file))
                    .epochs()
                    .get(0);
            assertEquals(expected.get("lastLoss"), got.get("lastLoss"));
            assertEquals(expected.get("evalLoss"), got.get("evalLoss"));
        }
    }

    @Test
    void transformedDataIsNamedSo() {
        assertEquals(
                "rows, transformed",
                BatchSource.augmented(train, Transforms.shift(1), 1).name());
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
        long begin = System.nanoTime();
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
            double most = (System.nanoTime() - begin) / 1e9;
            double seconds = result.epochs().get(1).getOrDefault("seconds", -1.0);
            assertTrue(seconds > 0 && seconds < most, seconds + " of " + most);
            double millis = result.epochs().get(1).getOrDefault("stepMillis", -1.0);
            assertEquals(result.epochs().get(1).getOrDefault("seconds", -1.0) * 1000 / 6, millis, 1e-9);
        }
    }

    /** What a resumed run is told when other candidates compute than did before. */
    @Test
    void theFirstLaunchThatDiffersIsNamed() {
        assertEquals(
                ", where 'b tiled' is 'b packed'",
                FitLoop.difference("a tiled\nb tiled\nc x", "a tiled\nb packed\nc y"));
        assertEquals(", where 'a' is 'b'", FitLoop.difference("a\nmore", "b"));
        assertEquals("", FitLoop.difference("a\nb", "a\nb"));
        assertEquals("", FitLoop.difference("a", "a\nb"));
        // A checkpoint of before candidates were recorded.
        assertEquals("", FitLoop.difference("", "a"));
    }

    /** Without room for its second tensor nothing of the first is left. */
    @Test
    void anAccumulatorThatCannotBeMadeLeavesNothing() {
        try (Device device = Device.cpu();
                Tensor gradients = device.allocate(DType.F32, Shape.of(1000))) {
            long before = device.liveBytes();
            device.memoryLimit(before + 6000);
            assertThrows(DeviceOutOfMemoryException.class, () -> new Accumulator(device, gradients));
            assertEquals(before, device.liveBytes());
        }
    }
}
