package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.data.Transforms;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.nn.callback.ProgressBar;
import dev.clave.nn.callback.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every option of fit, and what would be without it. */
class FitOptionsTest {
    private final ImageDataset train = TestData.rows(100, 1);

    private final ImageDataset test = TestData.rows(50, 2);

    private static FitOptions silent(ImageDataset data) {
        return FitOptions.of(data).batchSize(16).verbose(0);
    }

    /** Weights after a fit on the CPU. */
    private List<Float> fitted(FitOptions options) {
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            model.fit(options);
            return TestData.weights(model);
        }
    }

    private static final class Counter implements Callback {
        private int batches;
        private int epochs;
        private final List<Long> bytes = new ArrayList<>();

        @Override
        public void batchEnd(Context context) {
            batches += context.phase() == Context.Phase.TRAIN ? 1 : 0;
            bytes.add(context.model().device().liveBytes());
        }

        @Override
        public void epochEnd(Context context) {
            epochs++;
        }
    }

    private Counter counted(FitOptions options) {
        Counter counter = new Counter();
        fitted(options.callbacks(counter));
        return counter;
    }

    /** The borders of the ranges, and how many epochs a number of batches begins. */
    @Test
    void borders() {
        FitOptions options = FitOptions.of(train)
                .batchSize(100)
                .verbose(0)
                .verbose(2)
                .logFreq(3)
                .dropLast(true);
        assertEquals(1, options.steps());
        assertEquals(3, options.logFreq());
        assertEquals(2, options.verbose());
        assertTrue(options.dropLast());
        assertThrows(
                IllegalArgumentException.class,
                () -> FitOptions.of(train).batchSize(101).steps());
        int[] batches = {1, 6, 7, 8, 14, 15};
        int[] epochs = {1, 1, 1, 2, 2, 3};
        for (int i = 0; i < batches.length; i++) {
            FitOptions some = silent(train).numIters(batches[i]);
            assertEquals(7, some.steps());
            assertEquals(epochs[i], some.epochs(), batches[i] + " batches");
        }
        assertEquals(1, silent(train).numIters(8).steps(1));
        assertEquals(7, silent(train).numIters(8).steps(0));
    }

    @Test
    void defaultsAreThoseOfTheTable() {
        FitOptions options = FitOptions.of(train);
        assertEquals(1, options.batchSize());
        assertEquals(1, options.evalBatchSize());
        assertEquals(1, options.epochs());
        assertEquals(1, options.evalFreq());
        assertEquals(10, options.logFreq());
        assertEquals(1, options.saveFreq());
        assertEquals(2, options.verbose());
        assertFalse(options.dropLast());
        assertTrue(options.shuffle());
        assertEquals(0, options.numWorkers());
        assertEquals(1, options.accumulateGradBatches());
        assertEquals(100, options.steps(0));
        assertEquals(null, options.saveDir());
        assertEquals(null, options.evalData());
        assertEquals(16, FitOptions.of(train).batchSize(16).evalBatchSize());
    }

    @Test
    void stepsAreCounted() {
        Counter whole = counted(silent(train).epochs(3));
        assertEquals(3 * 7, whole.batches);
        assertEquals(3, whole.epochs);
        assertEquals(6, counted(silent(train).dropLast(true)).batches);
        Counter some = counted(silent(train).numIters(9).epochs(50));
        assertEquals(9, some.batches);
        assertEquals(2, some.epochs);
        assertEquals(7, counted(silent(train).numIters(7)).batches);
    }

    @Test
    void aStepAllocatesNothing() {
        TestData.everyDevice(device -> {
            try (Model model = TestData.prepared(device)) {
                Counter counter = new Counter();
                model.fit(silent(train)
                        .evalData(test)
                        .epochs(2)
                        .accumulateGradBatches(2)
                        .callbacks(counter));
                assertEquals(1, counter.bytes.stream().distinct().count(), counter.bytes.toString());
            }
        });
    }

    @Test
    void shuffleChangesTheOrderAndTheSeedDecidesIt() {
        List<Float> shuffled = fitted(silent(train));
        assertEquals(shuffled, fitted(silent(train)));
        assertNotEquals(shuffled, fitted(silent(train).shuffle(false)));
        try (Device device = Device.cpu();
                Model other = TestData.model(device, 0).seed(8)) {
            other.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY);
            other.fit(silent(train));
            assertNotEquals(shuffled, TestData.weights(other));
            assertThrows(IllegalStateException.class, () -> other.seed(9));
        }
    }

    @Test
    void evaluationHappensEveryEvalFreqEpochs() {
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            FitOptions options =
                    silent(train).evalData(test).evalBatchSize(25).epochs(5).evalFreq(2);
            List<Integer> evaluated = new ArrayList<>();
            List<Integer> sizes = new ArrayList<>();
            options.callbacks(new Callback() {
                @Override
                public void evaluateEnd(Context context) {
                    evaluated.add(context.epoch());
                    sizes.add(context.steps());
                }
            });
            FitResult result = model.fit(options);
            assertEquals(List.of(0, 2, 4), evaluated);
            assertEquals(List.of(2, 2, 2), sizes);
            assertFalse(result.epochs().get(1).containsKey("evalLoss"));
            assertEquals(
                    model.evaluate(test, 7).get("acc"), result.epochs().get(4).get("evalAcc"));
        }
    }

    /** Plain gradient descent, so that a factor in the gradient is not lost: the mean of four batches is one large batch. */
    @Test
    void accumulatedGradientsAreAveraged() {
        TestData.everyDevice(device -> {
            List<List<Float>> weights = new ArrayList<>();
            for (int[] how : new int[][] {{8, 4}, {32, 1}, {8, 1}}) {
                try (Model model = TestData.model(device, 0)) {
                    model.prepare(Optimizer.of("sgd", 0.1), Loss.SOFTMAX_CROSS_ENTROPY);
                    // 100 samples: the last group has one short batch, as the large batches have.
                    model.fit(silent(train).batchSize(how[0]).accumulateGradBatches(how[1]));
                    weights.add(TestData.weights(model));
                }
            }
            double most = 0;
            for (int i = 0; i < weights.get(0).size(); i++) {
                assertEquals(weights.get(1).get(i), weights.get(0).get(i), 2e-6f);
                most = Math.max(
                        most, Math.abs(weights.get(2).get(i) - weights.get(1).get(i)));
            }
            assertTrue(most > 1e-3, "an update per batch is something else");
        });
    }

    @Test
    void workersChangeNothing() {
        List<List<Float>> weights = new ArrayList<>();
        ImageDataset many = TestData.rows(300, 1);
        for (int workers : new int[] {0, 1, 3}) {
            // 75 batches: three uploads
            weights.add(fitted(FitOptions.of(BatchSource.augmented(many, Transforms.shift(2), 5))
                    .batchSize(4)
                    .epochs(2)
                    .numWorkers(workers)
                    .verbose(0)));
        }
        assertEquals(weights.get(0), weights.get(1));
        assertEquals(weights.get(0), weights.get(2));
        assertNotEquals(weights.get(0), fitted(silent(many).batchSize(4).epochs(2)));
        // The host's way without transforms is the device's way.
        BatchSource same = BatchSource.augmented(many, Transforms.pad(0), 5);
        assertEquals(
                fitted(silent(many).batchSize(4)),
                fitted(FitOptions.of(same).batchSize(4).numWorkers(2).verbose(0)));
    }

    @Test
    void workersRunBesideTheLoopAndTheirFailuresArrive() {
        TreeSet<String> threads = new TreeSet<>();
        BatchSource plain = BatchSource.of(train);
        class Watched implements BatchSource {
            private final int bad;

            private Watched(int bad) {
                this.bad = bad;
            }

            @Override
            public String name() {
                return "watched";
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
                synchronized (threads) {
                    threads.add(Thread.currentThread().getName());
                }
                int label = plain.sample(epoch, index, pixels, offset);
                return index == bad ? 10 : label;
            }
        }
        fitted(FitOptions.of(new Watched(-1)).batchSize(4).verbose(0));
        assertEquals(new TreeSet<>(List.of(Thread.currentThread().getName())), threads);
        threads.clear();
        fitted(FitOptions.of(new Watched(-1)).batchSize(4).numWorkers(2).verbose(0));
        assertEquals(new TreeSet<>(List.of("clave-batches")), threads);
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> fitted(FitOptions.of(new Watched(3)).numWorkers(2).verbose(0)))
                .getMessage();
        assertEquals("watched: label 10 of sample 3 is outside 0..9", message);
    }

    private String shown(int verbose, int logFreq) {
        StringWriter text = new StringWriter();
        long[] nanos = {0};
        fitted(FitOptions.of(train)
                .batchSize(10)
                .evalData(test)
                .callbacks(new ProgressBar(
                        new PrintWriter(text),
                        new Terminal(false, 80),
                        () -> nanos[0] += 1_000_000,
                        verbose,
                        logFreq)));
        return text.toString();
    }

    @Test
    void verboseAndLogFreqDecideWhatIsShown() {
        assertEquals("", shown(0, 10));
        List<String> bar = shown(1, 10).lines().toList();
        assertEquals("Epoch 1/1", bar.get(0));
        assertTrue(
                bar.get(1)
                        .matches("step 10/10 \\[={30}\\] - loss: \\d\\.\\d{4} - acc: \\d\\.\\d{4} - \\d+(us|ms)/step"),
                bar.toString());
        assertEquals("Eval begin...", bar.get(2));
        assertTrue(bar.get(3).startsWith("step 5/5 [==============================] - loss: "), bar.toString());
        assertEquals("Eval samples: 50", bar.get(4));
        assertEquals(5, bar.size());
        List<String> lines = shown(2, 4).lines().toList();
        assertTrue(lines.get(1).matches("step {2}4/10 - loss: .* - acc: .*/step"), lines.toString());
        assertTrue(lines.get(2).startsWith("step  8/10 - ") && lines.get(3).startsWith("step 10/10 - "));
        assertEquals(4 + 1 + 2 + 1, lines.size(), lines.toString());
    }

    @Test
    void checkpointsGoToSaveDir(@TempDir Path folder) throws Exception {
        Path directory = folder.resolve("a/b");
        List<Float> weights = fitted(silent(train).epochs(5).saveDir(directory).saveFreq(2));
        try (var files = Files.list(directory)) {
            assertEquals(
                    new TreeSet<>(List.of("0.safetensors", "2.safetensors", "4.safetensors", "final.safetensors")),
                    new TreeSet<>(
                            files.map(file -> file.getFileName().toString()).toList()));
        }
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0)) {
            model.load(directory.resolve("final.safetensors"));
            assertEquals(weights, TestData.weights(model));
            model.load(directory.resolve("0.safetensors"));
            assertNotEquals(weights, TestData.weights(model));
        }
    }

    @Test
    void whatIsRefusedLeavesNothingOnTheDevice() {
        TestData.everyDevice(device -> {
            try (Model model = TestData.prepared(device)) {
                model.fit(silent(train));
                long before = device.liveBytes();
                ImageDataset large = new ImageDataset("large", 13, 12, 10, new byte[13 * 12], new int[1]);
                assertThrows(
                        IllegalArgumentException.class,
                        () -> model.fit(silent(train).evalData(large)));
                Callback failing = new Callback() {
                    @Override
                    public void batchEnd(Context context) {
                        throw new IllegalStateException("on purpose");
                    }
                };
                assertThrows(
                        IllegalStateException.class,
                        () -> model.fit(silent(train).callbacks(failing)));
                assertEquals(before, device.liveBytes());
                model.fit(silent(train));
                assertEquals(before, device.liveBytes());
            }
        });
    }

    @Test
    void aResumedEpochIsShownFromItsStep(@TempDir Path folder) {
        Path file = folder.resolve("c.safetensors");
        fitted(silent(train).callbacks(new Callback() {
            @Override
            public void batchEnd(Context context) {
                if (context.step() == 3) {
                    context.model().saveCheckpoint(file);
                }
            }
        }));
        StringWriter text = new StringWriter();
        long[] nanos = {0};
        ProgressBar bar =
                new ProgressBar(new PrintWriter(text), new Terminal(false, 80), () -> nanos[0] += 1_000_000, 2, 2);
        fitted(silent(train).resume(file).callbacks(bar));
        List<String> lines = text.toString().lines().toList();
        assertEquals("Epoch 1/1 from step 3", lines.get(0));
        assertTrue(lines.get(1).startsWith("step 4/7 - loss: "), lines.toString());
        assertEquals(4, lines.size(), lines.toString());
    }
}
