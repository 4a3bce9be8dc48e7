package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.internal.Json;
import dev.clave.io.Safetensors;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.nn.callback.ProgressBar;
import dev.clave.nn.callback.Terminal;
import dev.clave.op.Problem;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model does besides the options of fit. */
class ModelTest {
    private final ImageDataset train = TestData.rows(100, 1);

    private final ImageDataset test = TestData.rows(50, 2);

    private static FitOptions silent(ImageDataset data) {
        return FitOptions.of(data).batchSize(16).verbose(0);
    }

    /** Without updates in between, the reported loss is the mean over all samples, not over batches. */
    @Test
    void theLossIsTheSampleWeightedMean() {
        TestData.everyDevice(device -> {
            try (Model model = TestData.prepared(device)) {
                Map<String, Double> values = model.evaluate(train, 64);
                Map<String, Double> first = model.evaluate(slice(train, 0, 64), 64);
                Map<String, Double> rest = model.evaluate(slice(train, 64, 36), 36);
                assertEquals((64 * first.get("loss") + 36 * rest.get("loss")) / 100, values.get("loss"), 1e-6);
                assertEquals(rest.get("loss"), values.get("lastLoss"), 1e-6);
                assertNotEquals(first.get("loss"), rest.get("loss"), 1e-4);
                Map<String, Double> fitted = model.fit(silent(train)).epochs().get(0);
                assertNotEquals(fitted.get("loss"), fitted.get("lastLoss"));
            }
        });
    }

    private static ImageDataset slice(ImageDataset data, int first, int count) {
        int size = data.height() * data.width();
        return new ImageDataset(
                "slice",
                data.height(),
                data.width(),
                data.classes(),
                Arrays.copyOfRange(data.pixels(), first * size, (first + count) * size),
                Arrays.copyOfRange(data.labels(), first, first + count));
    }

    @Test
    void predictsPerBatchAndStacked() {
        TestData.everyDevice(device -> {
            try (Model model = TestData.prepared(device)) {
                List<float[][]> batches = model.predict(test, 20);
                assertEquals(
                        List.of(20, 20, 10), batches.stream().map(b -> b.length).toList());
                float[][] all = model.predictStacked(test, 16);
                assertEquals(50, all.length);
                assertArrayEquals(batches.get(2)[3], all[43], 1e-6f);
                float[][] one = model.predictBatch(model.normalise(test, 43, 7), 2);
                assertArrayEquals(all[43], one[0], 1e-6f);
                assertArrayEquals(all[7], one[1], 1e-6f);
                int right = 0;
                for (int n = 0; n < 50; n++) {
                    int best = 0;
                    for (int c = 0; c < 10; c++) {
                        best = all[n][c] > all[n][best] ? c : best;
                    }
                    right += best == test.labels()[n] ? 1 : 0;
                }
                assertEquals(right / 50.0, model.evaluate(test, 50).get("acc"));
            }
        });
    }

    @Test
    void batchesByHandAreStepsOfFit() {
        TestData.everyDevice(device -> {
            int[] first = new int[16];
            Arrays.setAll(first, i -> i);
            int[] labels = Arrays.copyOf(train.labels(), 16);
            try (Model byHand = TestData.prepared(device);
                    Model fitted = TestData.prepared(device)) {
                double before =
                        byHand.evalBatch(byHand.normalise(train, first), labels).get("loss");
                Map<String, Double> values = byHand.trainBatch(byHand.normalise(train, first), labels);
                assertEquals(before, values.get("loss"));
                assertTrue(values.containsKey("acc"));
                fitted.fit(silent(train).shuffle(false).numIters(1));
                assertEquals(TestData.weights(fitted), TestData.weights(byHand));
                assertTrue(
                        byHand.evalBatch(byHand.normalise(train, first), labels).get("loss") < before);
                assertThrows(IllegalArgumentException.class, () -> byHand.trainBatch(new float[3], 1));
                assertThrows(IllegalArgumentException.class, () -> byHand.trainBatch(new float[144], 10));
            }
        });
    }

    @Test
    void accuracyCountsTheBestClasses() {
        Accuracy accuracy = new Accuracy(1, 2, 3);
        accuracy.update(new float[][] {{1, 3, 2}, {1, 1, 1}, {0, Float.NaN, 5}, {-0f, 0f, -1}}, new int[] {2, 1, 2, 0});
        assertEquals(Map.of("acc_top1", 0.25, "acc_top2", 1.0, "acc_top3", 1.0), accuracy.values());
        accuracy.reset();
        accuracy.update(new float[][] {{1, 3, 2}}, new int[] {0});
        assertEquals(Map.of("acc_top1", 0.0, "acc_top2", 0.0, "acc_top3", 1.0), accuracy.values());
        assertThrows(IllegalArgumentException.class, () -> new Accuracy(0));
        TestData.everyDevice(device -> {
            try (Model model = TestData.model(device, 0)) {
                model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy(), new Accuracy(1, 5));
                Map<String, Double> logs = model.fit(silent(train).epochs(2).evalData(test))
                        .epochs()
                        .get(1);
                assertEquals(logs.get("acc"), logs.get("acc_top1"));
                assertEquals(logs.get("evalAcc"), logs.get("evalAcc_top1"));
                assertTrue(logs.get("evalAcc_top5") > logs.get("evalAcc"));
            }
        });
    }

    /** Sees every output and label of an evaluation. */
    private static final class Everything implements Metric {
        private final List<float[]> scores = new ArrayList<>();
        private final List<Integer> labels = new ArrayList<>();

        @Override
        public void reset() {
            scores.clear();
            labels.clear();
        }

        @Override
        public void update(float[][] outputs, int[] wanted) {
            scores.addAll(List.of(outputs));
            Arrays.stream(wanted).forEach(labels::add);
        }

        @Override
        public Map<String, Double> values() {
            return Map.of("seen", (double) labels.size());
        }

        @Override
        public boolean inTraining() {
            return false;
        }
    }

    @Test
    void metricsOfUsersSeeOutputsAndLabels() {
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0)) {
            Everything metric = new Everything();
            model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, metric);
            Map<String, Double> logs =
                    model.fit(silent(train).evalData(test)).epochs().get(0);
            assertEquals(50, logs.get("evalSeen"));
            assertEquals(0, logs.get("seen"));
            float[][] all = model.predictStacked(test, 16);
            for (int n = 0; n < 50; n++) {
                assertEquals(test.labels()[n], metric.labels.get(n));
                assertArrayEquals(all[n], metric.scores.get(n));
            }
        }
    }

    @Test
    void predictionsAreRemembered() {
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0)) {
            Predictions predictions = new Predictions();
            model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy(), predictions);
            double accuracy = model.fit(silent(train).evalData(test).epochs(3))
                    .epochs()
                    .get(2)
                    .get("evalAcc");
            assertEquals(50, predictions.samples().size());
            long right = predictions.samples().stream()
                    .filter(sample -> sample.label() == sample.prediction())
                    .count();
            assertEquals(accuracy, right / 50.0);
            assertTrue(right > 5 && right < 50, "right " + right);
        }
        Predictions one = new Predictions();
        one.update(new float[][] {{0, (float) Math.log(3), 0}}, new int[] {2});
        assertEquals(2, one.samples().get(0).label());
        assertEquals(1, one.samples().get(0).prediction());
        assertEquals(0.6, one.samples().get(0).probability(), 1e-7);
    }

    @Test
    void weightsLoadOnlyWhereTheyFit(@TempDir Path folder) {
        Path file = folder.resolve("w.safetensors");
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device);
                Model other = new Model(
                        device,
                        new Sequential(
                                Layers.conv2d(1, 2, dev.clave.op.Window.of(3, 3).stride(2, 2)),
                                Layers.flatten(),
                                Layers.linear(50, 10),
                                Layers.linear(10, 4)))) {
            model.fit(silent(train));
            model.save(file);
            assertEquals("custom", Safetensors.read(file).metadata().get("network"));
            List<Float> before = TestData.weights(other);
            String message =
                    assertThrows(FormatException.class, () -> other.load(file)).getMessage();
            assertTrue(message.contains("tensor '2.weight' is missing"), message);
            assertEquals(before, TestData.weights(other));
            assertEquals(
                    List.of("2.weight", "2.bias", "3.weight", "3.bias", "4.weight", "4.bias"), other.load(file, true));
            assertArrayEquals(model.values("0.weight"), other.values("0.weight"));
            assertNotEquals(before, TestData.weights(other));
        }
    }

    @Test
    void misuseIsNamed() {
        assertThrows(IllegalArgumentException.class, () -> FitOptions.of(train).batchSize(0));
        assertThrows(IllegalArgumentException.class, () -> FitOptions.of(train).epochs(0));
        assertThrows(IllegalArgumentException.class, () -> FitOptions.of(train).verbose(3));
        assertThrows(IllegalArgumentException.class, () -> FitOptions.of(train).numWorkers(-1));
        assertThrows(IllegalArgumentException.class, () -> InputSpec.of("x", DType.F64, -1, 4));
        assertThrows(IllegalArgumentException.class, () -> InputSpec.of("x", DType.F32, 0, 4));
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0);
                Model headless = new Model(device, new LeNet(0), InputSpec.image(1, 28, 28))) {
            assertThrows(IllegalStateException.class, () -> model.fit(silent(train)));
            model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY);
            ImageDataset large = new ImageDataset("large", 13, 12, 10, new byte[13 * 12], new int[1]);
            assertEquals(
                    "large: images are 13x12, the network takes [1, 12, 12] (image)",
                    message(() -> model.evaluate(large, 1)));
            ImageDataset classes = new ImageDataset("many", 12, 12, 11, new byte[144], new int[1]);
            assertTrue(message(() -> model.evaluate(classes, 1)).contains("11 classes"));
            ImageDataset digit = new ImageDataset("digit", 28, 28, 10, new byte[784], new int[1]);
            assertTrue(message(() -> headless.evaluate(digit, 1)).contains("takes [classes]"));
            assertEquals(400, headless.predictStacked(digit, 1)[0].length);
            assertTrue(message(() -> new Model(device, new LeNet(10), InputSpec.image(1, 32, 32)))
                    .contains("linear: takes [400], got [576]"));
        }
    }

    private static String message(Runnable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }

    /** A look at other data in the middle of an epoch leaves the metrics of the epoch alone. */
    @Test
    void evaluatingInABatchCallbackChangesNothing() {
        ImageDataset train = TestData.rows(48, 1);
        ImageDataset other = TestData.rows(20, 2);
        int[] looks = {0};
        Callback asks = new Callback() {
            @Override
            public void batchEnd(Context context) {
                if (context.phase() == Context.Phase.TRAIN) {
                    Model model = context.model();
                    assertTrue(model.evaluate(other, 8).containsKey("acc_top3"));
                    model.evalBatch(model.normalise(other, 0, 1), other.labels()[0], other.labels()[1]);
                    looks[0]++;
                }
            }
        };
        TestData.everyDevice(device -> {
            List<Object> seen = new ArrayList<>();
            for (Callback callback : new Callback[] {new Callback() {}, asks}) {
                try (Model model = TestData.model(device, 0)
                        .prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy(1, 3))) {
                    FitResult result = model.fit(
                            FitOptions.of(train).batchSize(16).verbose(0).callbacks(callback));
                    Map<String, Double> epoch = result.epochs().get(0);
                    seen.add(List.of(
                            epoch.getOrDefault("loss", -1.0),
                            epoch.getOrDefault("acc_top1", -1.0),
                            epoch.getOrDefault("acc_top3", -1.0),
                            TestData.weights(model)));
                }
            }
            assertEquals(seen.get(0), seen.get(1));
        });
        assertEquals(0, looks[0] % 3);
        assertTrue(looks[0] > 0);
    }

    @Test
    void evaluatesWithMetricsOfTheMoment() {
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            Predictions seen = new Predictions();
            ImageDataset data = TestData.rows(20, 2);
            Map<String, Double> values = model.evaluate(BatchSource.of(data), 8, List.of(new Accuracy(2), seen));
            assertEquals(List.of("loss", "lastLoss", "acc_top2"), List.copyOf(values.keySet()));
            assertEquals(20, seen.samples().size());
            assertEquals(data.labels()[19], seen.samples().get(19).label());
        }
    }

    private static String printed(FitOptions options) {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, Charset.defaultCharset()));
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            model.fit(options);
        } finally {
            System.setOut(before);
        }
        return bytes.toString(Charset.defaultCharset());
    }

    /** Progress goes to the standard output unless somebody else shows it. */
    @Test
    void progressIsAddedWhenItIsAbsent() {
        FitOptions options = FitOptions.of(train).batchSize(10);
        assertEquals("", printed(FitOptions.of(train).batchSize(10).verbose(0)));
        List<String> lines = printed(options.logFreq(5)).lines().toList();
        assertEquals(3, lines.size(), lines.toString());
        assertEquals("Epoch 1/1", lines.get(0));
        assertTrue(lines.get(1).startsWith("step  5/10 - loss: "), lines.get(1));
        String bar = printed(FitOptions.of(train).batchSize(10).verbose(1));
        assertTrue(bar.contains("step 10/10 [=====") && bar.startsWith("Epoch 1/1"), bar);
        StringWriter own = new StringWriter();
        ProgressBar shows = new ProgressBar(new PrintWriter(own), new Terminal(false, 80), System::nanoTime, 2, 10);
        assertEquals("", printed(FitOptions.of(train).batchSize(10).callbacks(shows)));
        assertTrue(own.toString().startsWith("Epoch 1/1"), own.toString());
    }

    @Test
    void aBatchHasASample() {
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0)) {
            assertEquals("batchSize is at least 1, got 0", message(() -> model.evaluate(test, 0)));
            assertEquals("batchSize is at least 1, got 0", message(() -> model.predict(test, 0)));
            assertEquals("a batch has at least 1 sample", message(() -> model.predictBatch(new float[0], 0)));
            assertEquals(1, model.predictBatch(new float[144], 1).length);
            Map<String, Double> values = model.evaluate(test, 7);
            assertEquals(List.of("loss", "lastLoss", "acc"), List.copyOf(values.keySet()), "without prepare");
        }
    }

    /** Whatever changes the model takes the memory of single batches back. */
    @Test
    void theMemoryOfSingleBatchesIsGivenBack() {
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0)) {
            long before = device.liveBytes();
            model.predictBatch(new float[144], 1);
            assertTrue(device.liveBytes() > before);
            model.seed(3);
            assertEquals(before, device.liveBytes());
            model.predictBatch(new float[144], 1);
            assertEquals(model, model.fusion(false));
            assertEquals(before, device.liveBytes());
            model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY);
            long prepared = device.liveBytes();
            model.predictBatch(new float[144], 1);
            model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY);
            assertEquals(prepared, device.liveBytes());
            model.predictBatch(new float[144], 1);
            model.fit(silent(train));
            assertEquals(prepared, device.liveBytes());
            assertThrows(IllegalStateException.class, () -> model.fusion(true));
        }
    }

    @Test
    void theSeedDrawsTheWeights() {
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0)) {
            List<Float> seven = TestData.weights(model);
            assertNotEquals(seven, TestData.weights(model.seed(8)));
            assertEquals(seven, TestData.weights(model.seed(7)));
        }
    }

    /** Bytes become numbers in [-1, 1], and what is padded is background. */
    @Test
    void pixelsAreNormalisedAndPadded() {
        byte[] pixels = new byte[8];
        for (int i = 0; i < 8; i++) {
            pixels[i] = (byte) (30 * i + 40);
        }
        ImageDataset two = new ImageDataset("two", 1, 4, 2, pixels, new int[2]);
        try (Device device = Device.cpu();
                Model model = new Model(
                        device,
                        new Sequential(Layers.flatten(), Layers.linear(5 * 8, 2)),
                        InputSpec.image(1, 5, 8).padded(2))) {
            float[] values = model.normalise(two, 1, 0);
            assertEquals(80, values.length);
            for (int n = 0; n < 2; n++) {
                for (int at = 0; at < 40; at++) {
                    int x = at % 8 - 2;
                    boolean inside = at / 8 == 2 && x >= 0 && x < 4;
                    int pixel = 30 * (4 * (1 - n) + x) + 40;
                    float expected = inside ? (pixel - 127.5f) / 127.5f : -1;
                    assertEquals(expected, values[40 * n + at], 1e-6f, n + " " + at);
                }
            }
        }
    }

    @Test
    void aModelSaysWhatItIs() {
        try (Device device = Device.cpu();
                Model named = new Model(device, Network.of("relu"));
                Model own = TestData.model(device, 0)) {
            assertEquals("relu", named.name());
            assertEquals("custom", own.name());
            assertEquals(61_610, named.parameterCount());
            assertEquals(
                    List.of(-1, 1, 12, 12),
                    java.util.Objects.requireNonNull(own.input()).shape());
            assertEquals(device, own.core().device());
            String launches = own.explain(train, 4, false);
            assertTrue(launches.contains("conv2d forward") && launches.contains("batch 4"), launches);
        }
    }

    /** A step computes gradients, inference does not; both need to know the input's shape. */
    @Test
    void problemsAreThoseOfAStepOrOfInference() {
        try (Device device = Device.cpu();
                Model model = new Model(device, new LeNet(10), InputSpec.image(1, 28, 28));
                Model shapeless = new Model(device, new LeNet(10))) {
            List<String> step = directions(model.problems(4, true));
            List<String> inference = directions(model.problems(4, false));
            assertTrue(step.contains("forward") && step.contains("backwardWeight"), step.toString());
            assertEquals(List.of("forward"), inference);
            assertThrows(IllegalStateException.class, () -> shapeless.problems(4, true));
        }
    }

    private static List<String> directions(List<Problem> problems) {
        return problems.stream().map(Problem::direction).distinct().toList();
    }

    @Test
    void aTraceHoldsEveryLaunch() {
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            List<?> events = (List<?>) Json.parse("trace", model.trace(train, 16));
            String explained = model.explain(train, 16, true);
            // One event more: the device's name.
            assertTrue(explained.contains((events.size() - 1) + " launches"), explained);
        }
    }
}
