package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import dev.clave.io.Safetensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both networks: sizes, the same training on every device, and that it learns. */
class LeNetTest {
    /** Ten classes: a bright bar at one of ten heights, with noise. */
    private static ImageDataset bars(int count, int stream) {
        byte[] pixels = new byte[count * 28 * 28];
        int[] labels = new int[count];
        Philox random = new Philox(5, stream);
        for (int n = 0; n < count; n++) {
            labels[n] = random.nextInt(10);
            for (int i = 0; i < 28 * 28; i++) {
                int row = i / 28 - 2 - 2 * labels[n];
                int value = random.nextInt(90) + (row >= 0 && row < 3 ? 160 : 0);
                pixels[n * 28 * 28 + i] = (byte) value;
            }
        }
        return new ImageDataset("bars", 28, 28, 10, pixels, labels);
    }

    @Test
    void parameterCounts() {
        try (Device device = Device.cpu();
                Model relu = new Model(device, Network.of("relu"));
                Model tanh = new Model(device, Network.of("tanh"))) {
            assertEquals(61_610, relu.parameterCount());
            assertEquals(61_706, tanh.parameterCount());
        }
    }

    private static double fit(Model model, FitOptions options) {
        List<Map<String, Double>> epochs =
                model.fit(options.batchSize(32).verbose(0)).epochs();
        return epochs.get(epochs.size() - 1).get("loss");
    }

    @Test
    void devicesAgreeAndLearn() {
        ImageDataset train = bars(330, 1); // the last batch is short
        ImageDataset test = bars(100, 2);
        for (Network network : List.of(Network.of("relu"), Network.of("tanh"))) {
            double[] expected = null;
            for (int i = -1; i < Device.list().size(); i++) {
                try (Device device = i < 0 ? Device.cpu() : Device.open(String.valueOf(i))) {
                    try (Model model = new Model(device, network).seed(3)) {
                        model.prepare(Optimizer.adam(0.002), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
                        double first = fit(model, FitOptions.of(train).numIters(1));
                        double last = fit(model, FitOptions.of(train).epochs(4));
                        double[] losses = {first, last};
                        expected = expected == null ? losses : expected;
                        assertEquals(expected[0], first, 1e-5 * expected[0], device.name());
                        assertEquals(expected[1], last, 2e-2 * expected[1] + 1e-3, device.name());
                        if (network.name().equals("relu")) {
                            double accuracy = model.evaluate(test, 32).get("acc");
                            assertTrue(accuracy > 0.9, network.name() + " on " + device.name());
                        } else {
                            assertTrue(last < first, network.name() + " on " + device.name());
                        }
                    }
                    assertEquals(0, device.liveBytes(), device.name() + " leaks");
                }
            }
        }
    }

    /** PyTorch's logits and gradients from the same weights; the bound covers the sums of every layer on the way. */
    @Test
    void agreesWithPyTorch() {
        for (String name : new String[] {"relu", "tanh"}) {
            Network network = Network.of(name);
            Safetensors golden = Safetensors.read(Path.of("reference-data/lenet/" + name + ".safetensors"));
            for (int i = -1; i < Device.list().size(); i++) {
                try (Device device = i < 0 ? Device.cpu() : Device.open(String.valueOf(i));
                        Model model = new Model(device, network);
                        Plan plan = model.core().plan(network.graph(), 4, Lowering.Purpose.TRAINING)) {
                    model.load(Path.of("reference-data/lenet/" + name + "_weights.safetensors"));
                    plan.input().write(blocked(golden.floats("input"), 4, plan));
                    plan.forward();
                    float[] logits = plan.output().readFloats();
                    near(name + " logits", golden.floats("logits"), plain(logits, 4, plan));
                    plan.outputGradient().write(blocked(gradient(golden), 4, plan));
                    plan.backward();
                    for (ParameterSet.Entry parameter :
                            model.core().parameters().entries()) {
                        String gradient = "grad." + parameter.name();
                        near(
                                name + " " + gradient,
                                golden.floats(gradient),
                                model.core()
                                        .parameters()
                                        .gradient(parameter.name())
                                        .readFloats());
                    }
                }
            }
        }
    }

    /** Gradient of the mean cross-entropy with respect to the logits. */
    private static float[] gradient(Safetensors golden) {
        float[] logits = golden.floats("logits");
        int[] labels = golden.ints("labels");
        float[] gradient = new float[logits.length];
        for (int n = 0; n < labels.length; n++) {
            double sum = 0;
            for (int c = 0; c < 10; c++) {
                sum += Math.exp(logits[n * 10 + c]);
            }
            for (int c = 0; c < 10; c++) {
                gradient[n * 10 + c] =
                        (float) ((Math.exp(logits[n * 10 + c]) / sum - (c == labels[n] ? 1 : 0)) / labels.length);
            }
        }
        return gradient;
    }

    private static float[] blocked(float[] values, int n, Plan plan) {
        int lanes = plan.format().lanes();
        int inner = values.length / n;
        float[] moved = new float[plan.format().blocks(n) * lanes * inner];
        for (int i = 0; i < values.length; i++) {
            int sample = i / inner;
            moved[(sample / lanes * inner + i % inner) * lanes + sample % lanes] = values[i];
        }
        return moved;
    }

    private static float[] plain(float[] values, int n, Plan plan) {
        int lanes = plan.format().lanes();
        int inner = values.length / (plan.format().blocks(n) * lanes);
        float[] moved = new float[n * inner];
        for (int i = 0; i < moved.length; i++) {
            int sample = i / inner;
            moved[i] = values[(sample / lanes * inner + i % inner) * lanes + sample % lanes];
        }
        return moved;
    }

    /** Twice the unit roundoff times the longest sum (400), relative to the largest value of the tensor. */
    private static void near(String what, float[] expected, float[] got) {
        float most = 0;
        for (float value : expected) {
            most = Math.max(most, Math.abs(value));
        }
        assertEquals(expected.length, got.length, what);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], got[i], 2 * 400 * 0x1p-24f * most, what + "[" + i + "]");
        }
    }

    @Test
    void savedWeightsLoad(@TempDir Path folder) {
        ImageDataset data = bars(64, 1);
        Path file = folder.resolve("weights.safetensors");
        try (Device device = Device.open("auto");
                Model model = new Model(device, Network.of("relu")).seed(9);
                Model other = new Model(device, Network.of(Network.of("relu").name())).seed(10);
                Model tanh = new Model(device, Network.of("tanh"))) {
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            fit(model, FitOptions.of(data));
            model.save(file);
            assertEquals("relu", Network.of(file).name());
            other.load(file);
            assertEquals(
                    model.evaluate(data, 16).get("loss"),
                    other.evaluate(data, 16).get("loss"));
            String message =
                    assertThrows(FormatException.class, () -> tanh.load(file)).getMessage();
            assertTrue(message.contains("features.0.weight"), message);
        }
    }

    @Test
    void sameSeedSameBits() {
        ImageDataset data = bars(64, 1);
        try (Device device = Device.open("auto")) {
            double[][] losses = new double[2][];
            for (int run = 0; run < 2; run++) {
                try (Model model = new Model(device, Network.of("relu")).seed(9)) {
                    model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
                    losses[run] = new double[] {fit(model, FitOptions.of(data)), fit(model, FitOptions.of(data))};
                }
            }
            assertArrayEquals(losses[0], losses[1], Arrays.toString(losses[0]));
        }
    }

    @Test
    void badArgumentsAreNamed() {
        ImageDataset data = bars(8, 1);
        try (Device device = Device.cpu();
                Model model = new Model(device, Network.of("relu"))) {
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> model.fit(FitOptions.of(data).batchSize(9)));
            assertThrows(IllegalArgumentException.class, () -> Optimizer.adam(Double.NaN));
            assertThrows(IllegalArgumentException.class, () -> Network.of("gelu"));
        }
    }
}
