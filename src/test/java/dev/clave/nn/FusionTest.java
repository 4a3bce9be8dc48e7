package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import dev.clave.op.Format;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The fused plan against the plan that runs operator by operator. */
class FusionTest {
    private static final int BATCH = 5;

    private static Layer network(Layer inner, Layer pool, Layer outer, int flat) {
        return new Sequential(
                Layers.conv2d(2, 5, Window.of(3, 3).pad(1)),
                inner,
                pool,
                outer,
                Layers.conv2d(5, 4, Window.of(2, 3).stride(1, 2)),
                Layers.relu(),
                Layers.maxPool2d(Window.of(2, 2).stride(2, 2)),
                Layers.flatten(),
                Layers.linear(flat, 3));
    }

    private static Map<String, Layer> networks() {
        Window half = Window.of(2, 2).stride(2, 2);
        Window overlapping = Window.of(3, 3).stride(2, 2).pad(1);
        Map<String, Layer> all = new LinkedHashMap<>();
        all.put("relu max", network(Layers.relu(), Layers.maxPool2d(half), Layers.dropout(0), 4));
        all.put("tanh average sigmoid", network(Layers.tanh(), Layers.avgPool2d(half), Layers.sigmoid(), 4));
        all.put("tanh max relu", network(Layers.tanh(), Layers.maxPool2d(overlapping), Layers.relu(), 8));
        all.put("plain average", network(Layers.dropout(0), Layers.avgPool2d(overlapping, false), Layers.tanh(), 8));
        return all;
    }

    @Test
    void fusedEqualsUnfused() {
        for (int d = 0; d < Device.list().size(); d++) {
            try (Device device = Device.open(String.valueOf(d))) {
                networks().forEach((name, layer) -> {
                    Graph graph = Graph.record(layer, 2, 9, 11);
                    Map<String, float[]> plain = run(device, graph, false, name);
                    Map<String, float[]> fused = run(device, graph, true, name);
                    plain.forEach((what, expected) -> {
                        float[] got = fused.get(what);
                        if (name.equals("relu max")) {
                            assertArrayEquals(expected, got, name + " " + what);
                            return;
                        }
                        float most = 0;
                        for (float value : expected) {
                            most = Math.max(most, Math.abs(value));
                        }
                        assertTrue(most > 0, name + " " + what + " is all zero");
                        for (int i = 0; i < expected.length; i++) {
                            // Sums of at most 200 terms and a handful of derivatives, each within 8 ULP.
                            assertEquals(expected[i], got[i], 400 * 0x1p-24f * most, name + " " + what + "[" + i + "]");
                        }
                    });
                });
                assertEquals(0, device.liveBytes());
            }
        }
    }

    private static Map<String, float[]> run(Device device, Graph graph, boolean fuse, String name) {
        Format format = Plan.format(device, DType.F32);
        Map<String, float[]> results = new LinkedHashMap<>();
        try (ParameterSet parameters = new ParameterSet(device, DType.F32, graph.root());
                Plan plan = new Plan(device, graph, parameters, format, BATCH, Lowering.Purpose.TRAINING, 1, fuse)) {
            parameters.initialise(4);
            assertEquals(fuse, plan.explain().contains("conv2d_pool2d"), plan.explain());
            boolean overlaps = name.equals("tanh max relu") || name.equals("plain average");
            assertEquals(
                    fuse && format.lanes() > 1 && !overlaps,
                    plan.explain().contains("conv2d_pool2d backwardParameters"),
                    plan.explain());
            plan.at(0, 0);
            plan.input().write(samples(format, plan.input().shape().elements(), 2 * 9 * 11, 1));
            plan.outputGradient().write(samples(format, plan.output().shape().elements(), 3, 2));
            plan.forward();
            plan.backward();
            results.put("output", plan.output().readFloats());
            for (ParameterSet.Entry entry : parameters.entries()) {
                results.put(entry.name(), parameters.gradient(entry.name()).readFloats());
            }
        }
        assertTrue(results.size() > 4, name);
        return results;
    }

    /** Random samples; those that fill the last block are zero, as a batch gather leaves them. */
    private static float[] samples(Format format, int elements, int inner, int stream) {
        Philox random = new Philox(9, stream);
        float[] values = new float[elements];
        int lanes = format.lanes();
        for (int i = 0; i < elements; i++) {
            int sample = i / (inner * lanes) * lanes + i % lanes;
            float value = random.nextFloat() - 0.5f;
            values[i] = sample < BATCH ? value : 0;
        }
        return values;
    }

    @Test
    void valuesReadTwiceAreNotFused() {
        Layer layer = new Layer() {
            private final Layer conv = child("conv", Layers.conv2d(1, 2, Window.of(3, 3)));
            private final Layer pool = Layers.maxPool2d(Window.of(2, 2).stride(2, 2));

            @Override
            protected Value forward(Value input) {
                Value made = conv.apply(input);
                Value twice = Layers.add(made, Layers.relu().apply(made));
                return Layers.flatten().apply(pool.apply(twice));
            }
        };
        Graph graph = Graph.record(layer, 1, 6, 6);
        assertTrue(Fusion.find(graph.live(), graph.outputs()).isEmpty());
        Graph lenet = Network.of("tanh").graph();
        assertEquals(8, Fusion.find(lenet.live(), lenet.outputs()).size());
    }

    /** The launches of a step in one kernel: the same losses and weights, to the last bit. */
    @Test
    void aChainChangesNothing() {
        ImageDataset data = BuiltInDigits.generate(200, 1);
        for (int d = 0; d < Device.list().size(); d++) {
            for (String network : List.of("relu", "tanh")) {
                List<Map<String, Double>> losses = new ArrayList<>();
                List<Map<String, float[]>> weights = new ArrayList<>();
                for (String chain : List.of("off", "auto")) {
                    System.setProperty("clave.chain", chain);
                    try (Device device = Device.open(String.valueOf(d));
                            Model model = new Model(device, Network.of(network)).seed(5)) {
                        model.prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
                        model.fit(FitOptions.of(data).batchSize(48).epochs(2).verbose(0));
                        losses.add(model.evaluate(data, 64));
                        Map<String, float[]> values = new LinkedHashMap<>();
                        model.parameters().keySet().forEach(name -> values.put(name, model.values(name)));
                        weights.add(values);
                    } finally {
                        System.clearProperty("clave.chain");
                    }
                }
                assertEquals(losses.get(0), losses.get(1));
                weights.get(0)
                        .forEach((name, values) ->
                                assertArrayEquals(values, weights.get(1).get(name), network + " " + name));
            }
        }
    }

    /** A model trains alike with and without; that it has an effect shows in what it launches. */
    @Test
    void aModelCanDoWithout() {
        ImageDataset data = BuiltInDigits.generate(200, 1);
        for (int d = 0; d < Device.list().size(); d++) {
            try (Device device = Device.open(String.valueOf(d));
                    Model fused = new Model(device, Network.of("relu")).seed(5);
                    Model plain = new Model(device, Network.of("relu")).seed(5).fusion(false)) {
                assertTrue(fused.explain(data, 20, false).contains("conv2d_pool2d forward"));
                assertFalse(plain.explain(data, 20, false).contains("conv2d_pool2d"));
                double[] losses = new double[2];
                for (Model model : List.of(fused, plain)) {
                    model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
                    FitResult result = model.fit(
                            FitOptions.of(data).batchSize(20).epochs(2).verbose(0));
                    losses[model == fused ? 0 : 1] = result.epochs().get(1).get("loss");
                }
                assertEquals(losses[1], losses[0], 1e-3 * losses[1], device.name());
            }
        }
    }
}
