package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Tensor;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import dev.clave.op.Format;
import dev.clave.op.Window;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Graphs that are no chains: residual blocks, shared layers, frozen parameters, dropout; recorded, differentiated, trained. */
class GraphTest {
    private final List<Device> devices = new ArrayList<>();

    @BeforeEach
    void open() {
        devices.add(Device.cpu());
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
    }

    @AfterEach
    void close() {
        for (Device device : devices) {
            assertEquals(0, device.liveBytes(), device.name() + " leaks");
            device.close();
        }
    }

    /** y = x + tanh(conv(x)), then the same value read a third time. */
    private static final class Residual extends Layer {
        private final Layer conv;

        private Residual(int channels) {
            conv = child(
                    "conv", Layers.conv2d(channels, channels, Window.of(3, 3).pad(1)));
        }

        @Override
        protected Value forward(Value input) {
            Value once = Layers.add(input, Layers.tanh().apply(conv.apply(input)));
            return Layers.add(once, Layers.sigmoid().apply(input));
        }
    }

    private static Layer residualNetwork() {
        return new Sequential(
                Layers.conv2d(1, 3, Window.of(3, 3).stride(2, 2)),
                new Residual(3),
                Layers.avgPool2d(Window.of(2, 2).stride(2, 2)),
                Layers.flatten(),
                Layers.linear(3 * 3 * 3, 10));
    }

    /** One linear layer applied twice: its gradient has two parts. */
    private static final class Shared extends Layer {
        private final Layer linear = child("linear", Layers.linear(6, 6));
        private final Layer last = child("last", Layers.linear(6, 4));

        @Override
        protected Value forward(Value input) {
            Value x = Layers.reshape(input, 6);
            for (int i = 0; i < 3; i++) {
                x = Layers.tanh().apply(linear.apply(x));
            }
            return last.apply(x);
        }
    }

    @Test
    void gradientsOfDirectedAcyclicGraphs() {
        for (Device device : devices) {
            if (device.info().fp64()) {
                check(device, Graph.record(residualNetwork(), 1, 13, 13), 3);
                check(device, Graph.record(new Shared(), 1, 2, 3), 5);
                check(
                        device,
                        Graph.record(
                                new Sequential(Layers.flatten(), Layers.linear(8, 5), Layers.logSoftmax()), 2, 2, 2),
                        2);
                check(
                        device,
                        Graph.record(new Sequential(Layers.flatten(), Layers.dropout(0.5), Layers.softmax()), 2, 2, 2),
                        2);
            } else {
                System.out.println(device.name() + " has no fp64, graph gradients are not checked there");
            }
        }
    }

    /** Central differences of sum(output * weights) in double, for inputs and every parameter. */
    private static void check(Device device, Graph graph, int batch) {
        Format format = new Format(DType.F64, 1);
        try (ParameterSet parameters = new ParameterSet(device, DType.F64, graph.root());
                Plan plan = new Plan(device, graph, parameters, format, batch, Lowering.Purpose.CHECK, 7)) {
            parameters.initialise(3);
            plan.at(0, 0);
            Random random = new Random(1);
            double[] weights =
                    random.doubles(plan.output().shape().elements(), -1, 1).toArray();
            plan.input()
                    .write(random.doubles(plan.input().shape().elements(), -1, 1)
                            .toArray());
            plan.outputGradient().write(weights);
            plan.forward();
            plan.backward();
            differences("input", plan, plan.input(), plan.inputGradient(), weights);
            for (ParameterSet.Entry entry : parameters.entries()) {
                differences(
                        entry.name(),
                        plan,
                        parameters.tensor(entry.name()),
                        parameters.gradient(entry.name()),
                        weights);
            }
        }
    }

    private static void differences(String what, Plan plan, Tensor values, Tensor gradient, double[] weights) {
        double[] got = gradient.readDoubles();
        double[] x = values.readDoubles();
        Random random = new Random(what.hashCode());
        for (int probe = 0; probe < 12; probe++) {
            int i = random.nextInt(x.length);
            double held = x[i];
            double[] sums = new double[2];
            for (int side = 0; side < 2; side++) {
                x[i] = held + (side == 0 ? -1e-6 : 1e-6);
                values.write(x);
                plan.forward();
                double[] output = plan.output().readDoubles();
                for (int o = 0; o < output.length; o++) {
                    sums[side] += output[o] * weights[o];
                }
            }
            x[i] = held;
            double expected = (sums[1] - sums[0]) / 2e-6;
            assertEquals(expected, got[i], 1e-5 + 1e-3 * Math.abs(expected), what + "[" + i + "]");
        }
        values.write(x);
        plan.forward();
    }

    private static ImageDataset blobs(int count, int stream) {
        byte[] pixels = new byte[count * 13 * 13];
        int[] labels = new int[count];
        Philox random = new Philox(5, stream);
        for (int n = 0; n < count; n++) {
            labels[n] = random.nextInt(10);
            for (int i = 0; i < 13 * 13; i++) {
                int value = random.nextInt(60) + (i / 13 == labels[n] + 1 ? 180 : 0);
                pixels[n * 13 * 13 + i] = (byte) value;
            }
        }
        return new ImageDataset("blobs", 13, 13, 10, pixels, labels);
    }

    @Test
    void aResidualNetworkTrains() {
        Network network = new Network("residual", residualNetwork(), 13, 13, 0);
        for (Device device : devices) {
            for (String name : List.of("adam", "nesterov")) {
                Optimizer optimizer = Optimizer.of(name, name.equals("adam") ? 0.01 : 0.05);
                try (Model model = new Model(device, network).seed(3)) {
                    model.prepare(optimizer, Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
                    model.fit(
                            FitOptions.of(blobs(400, 1)).batchSize(32).epochs(6).verbose(0));
                    double accuracy = model.evaluate(blobs(100, 2), 32).get("acc");
                    assertTrue(accuracy > 0.9, name + " on " + device.name() + ": " + accuracy);
                }
            }
        }
    }

    @Test
    void dropoutActsInTrainingOnly() {
        Layer net = new Sequential(Layers.flatten(), Layers.dropout(0.5));
        for (Device device : devices) {
            Graph graph = Graph.record(net, 1, 8, 8);
            Format format = Plan.format(device, DType.F32);
            try (ParameterSet none = new ParameterSet(device, DType.F32, net);
                    Plan training = new Plan(device, graph, none, format, 16, Lowering.Purpose.TRAINING, 1);
                    Plan inference = new Plan(device, graph, none, format, 16, Lowering.Purpose.INFERENCE, 1)) {
                float[] ones = new float[16 * 64];
                java.util.Arrays.fill(ones, 1);
                training.input().write(ones);
                inference.input().write(ones);
                training.at(0, 0);
                training.forward();
                inference.forward();
                assertArrayEquals(ones, inference.output().readFloats());
                float[] first = training.output().readFloats();
                int zeros = 0;
                for (float value : first) {
                    assertTrue(value == 0 || value == 2, "kept elements are doubled, got " + value);
                    zeros += value == 0 ? 1 : 0;
                }
                assertTrue(zeros > 420 && zeros < 604, "zeros " + zeros);
                training.at(1, 0);
                training.forward();
                assertTrue(
                        !java.util.Arrays.equals(first, training.output().readFloats()), "another step, another mask");
            }
        }
    }

    /** A linear layer whose weight no optimizer changes. */
    private static final class Frozen extends Layer {
        private final Layer conv = child("conv", Layers.conv2d(1, 2, Window.of(3, 3)));
        private final Layer linear = child("linear", Layers.linear(2 * 11 * 11, 10));
        private final Parameter unread = buffer("calls", Initializer.constant(4), 1, 1);

        @Override
        protected Value forward(Value input) {
            assertEquals(1, unread.shape().elements());
            return linear.apply(Layers.flatten().apply(conv.apply(input)));
        }
    }

    @Test
    void buffersAreSavedAndNotTrained(@TempDir Path folder) {
        Network network = new Network("frozen", new Frozen(), 13, 13, 0);
        Path file = folder.resolve("w.safetensors");
        for (Device device : devices) {
            try (Model model = new Model(device, network).seed(3)) {
                model.prepare(Optimizer.of("adamw", 0.01), Loss.SOFTMAX_CROSS_ENTROPY);
                model.fit(FitOptions.of(blobs(64, 1)).batchSize(32).verbose(0));
                assertEquals(2 * 9 + 2 + 2 * 121 * 10 + 10, model.parameterCount());
                assertArrayEquals(new float[] {4}, model.values("calls"));
                model.save(file);
                model.load(file);
            }
            try (Model other = new Model(device, new Network("residual", residualNetwork(), 13, 13, 0))) {
                assertThrows(FormatException.class, () -> other.load(file));
            }
        }
    }

    @Test
    void initialisersHaveTheirMoments() {
        Layer net = new Sequential(
                Layers.conv2d(8, 64, Window.of(5, 5), 2, false, Initializer.kaimingNormal(Math.sqrt(2))),
                Layers.conv2d(64, 64, Window.of(5, 5), 1, false, Initializer.xavierUniform(1)),
                Layers.conv2d(64, 32, Window.of(5, 5), 1, false, Initializer.xavierNormal(5.0 / 3)),
                Layers.conv2d(32, 64, Window.of(5, 5), 1, false, Initializer.kaimingUniform(1)));
        // sqrt(gain^2 / fanIn) or sqrt(2 gain^2 / (fanIn + fanOut)); conv weights are [K, C/groups, KH, KW].
        double[] deviations = {
            Math.sqrt(2.0 / 100),
            Math.sqrt(2.0 / (1600 + 1600)),
            5.0 / 3 * Math.sqrt(2.0 / (1600 + 800)),
            Math.sqrt(1.0 / 800)
        };
        Device device = devices.get(0);
        try (ParameterSet parameters = new ParameterSet(device, DType.F32, net)) {
            parameters.initialise(11);
            for (int i = 0; i < deviations.length; i++) {
                float[] values = parameters.tensor(i + ".weight").readFloats();
                double sum = 0;
                double squares = 0;
                for (float value : values) {
                    sum += value;
                    squares += (double) value * value;
                }
                double mean = sum / values.length;
                double deviation = Math.sqrt(squares / values.length - mean * mean);
                // Standard errors: deviation / sqrt(n) and about deviation / sqrt(2 n); five of them.
                assertEquals(0, mean, 5 * deviations[i] / Math.sqrt(values.length), "mean of " + i);
                assertEquals(deviations[i], deviation, 5 * deviations[i] / Math.sqrt(2.0 * values.length), "of " + i);
            }
        }
    }

    @Test
    void misfitsNameTheLayer() {
        Layer net = new Sequential(Layers.conv2d(3, 4, Window.of(3, 3)), Layers.flatten(), Layers.linear(7, 2));
        assertTrue(message(() -> Graph.record(net, 1, 8, 8)).startsWith("layer 0: conv2d: takes 3 channels, got 1"));
        assertTrue(message(() -> Graph.record(net, 3, 8, 8)).startsWith("layer 2: linear: takes [7], got [144]"));
        assertTrue(message(() -> Graph.record(net, 3, 2, 2)).contains("smaller than the kernel"));
        assertTrue(message(() -> Graph.record(new Sequential(Layers.linear(4, 2)), 1, 2, 2))
                .contains("flatten first"));
        Layer forgetful = new Layer() {
            @Override
            protected Value forward(Value input) {
                return Layers.linear(4, 2).apply(Layers.flatten().apply(input));
            }
        };
        assertTrue(message(() -> Graph.record(forgetful, 1, 2, 2)).contains("made inside forward"));
        assertThrows(IllegalArgumentException.class, () -> Layers.dropout(1.5));
        assertThrows(
                IllegalArgumentException.class,
                () -> Layers.maxPool2d(Window.of(2, 2).pad(2)));
        assertThrows(
                IllegalArgumentException.class,
                () -> Layers.conv2d(4, 4, Window.of(1, 1), 3, true, Initializer.constant(0)));
    }

    private static String message(Runnable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }

    @Test
    void buffersShareMemory() {
        Network network = Network.of("relu");
        for (Device device : devices) {
            try (ParameterSet parameters = new ParameterSet(device, DType.F32, network.layer())) {
                Graph graph = network.graph();
                Format format = Plan.format(device, DType.F32);
                long before = device.liveBytes();
                try (Plan plan = new Plan(device, graph, parameters, format, 64, Lowering.Purpose.INFERENCE, 1)) {
                    long taken = device.liveBytes() - before;
                    // Input, output, and the two largest neighbours of the chain: 6x28x28 twice and the pool's argmax.
                    assertTrue(taken < 64L * 4 * (784 + 2 * 4704 + 1176 + 3000), plan.explain() + taken);
                }
            }
        }
    }
}
