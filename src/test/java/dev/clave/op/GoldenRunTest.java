package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators with scalars or state against golden data, on every device and with every candidate. */
class GoldenRunTest {
    private static final double UNIT = 0x1p-24;
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
        devices.forEach(Device::close);
    }

    /** A prepared problem with its own tensors, filled with what the case holds. */
    private static final class Bound implements AutoCloseable {
        private final Invocation invocation;
        private final Map<String, Tensor> tensors = new HashMap<>();

        private Bound(Device device, Problem problem, String candidate, Map<String, Object> values) {
            invocation = Operators.prepare(device, problem, device.isOpenCl() ? candidate : null);
            for (Slot slot : problem.slots()) {
                Tensor tensor = device.allocate(slot.dtype(), slot.shape());
                tensors.put(slot.name(), tensor);
                Object value = values.get(slot.name());
                if (value instanceof int[] ints) {
                    tensor.write(ints);
                } else if (slot.dtype() == DType.I32) {
                    tensor.write(new int[slot.shape().elements()]);
                } else {
                    tensor.write(value == null ? new float[slot.shape().elements()] : (float[]) value);
                }
                invocation.bind(slot.name(), tensor);
            }
        }

        private float[] get(String slot) {
            return tensors.get(slot).readFloats();
        }

        @Override
        public void close() {
            invocation.close();
            tensors.values().forEach(Tensor::close);
        }
    }

    @Test
    void gemm() throws IOException {
        for (Golden golden : Golden.of("gemm")) {
            Gemm g = new Gemm(
                    golden.number("m"),
                    golden.number("n"),
                    golden.number("k"),
                    golden.number("trans_a") == 1,
                    golden.number("trans_b") == 1,
                    Double.parseDouble(golden.metadata().get("alpha")),
                    Double.parseDouble(golden.metadata().get("beta")),
                    golden.number("lda"),
                    golden.number("ldb"),
                    golden.number("ldc"),
                    golden.number("bias") == 1,
                    Gemm.Epilogue.valueOf(golden.metadata().get("activation").toUpperCase(Locale.ROOT)));
            float[] expected = (float[]) golden.tensors().get("output");
            double[] size = magnitudes(g, golden);
            for (Device device : devices) {
                Problem problem = g.problem("forward", Format.NCHW);
                for (String candidate : Operators.candidates(device, problem)) {
                    try (Bound bound = new Bound(device, problem, candidate, golden.tensors())) {
                        bound.invocation.run();
                        float[] got = bound.get("c");
                        double gamma = (g.k() + 3) * UNIT / (1 - (g.k() + 3) * UNIT);
                        for (int i = 0; i < got.length; i++) {
                            if (i % g.ldc() >= g.n()) {
                                assertEquals(expected[i], got[i], "beyond the columns");
                                continue;
                            }
                            // tanh has slope at most 1 and 8 ULP of its own.
                            double bound2 = gamma * size[i] + 17 * UNIT * Math.abs(expected[i]);
                            assertEquals(
                                    expected[i], got[i], bound2, candidate + " " + golden.name() + " " + device.name());
                        }
                    }
                }
            }
        }
    }

    /** |alpha| |A| |B| + |beta C| + |bias| of each element. */
    private static double[] magnitudes(Gemm g, Golden golden) {
        float[] a = (float[]) golden.tensors().get("a");
        float[] b = (float[]) golden.tensors().get("b");
        float[] c = (float[]) golden.tensors().get("c");
        double[] size = new double[c.length];
        for (int i = 0; i < g.m(); i++) {
            for (int j = 0; j < g.n(); j++) {
                double sum = 0;
                for (int p = 0; p < g.k(); p++) {
                    sum += Math.abs((double) a[g.transA() ? p * g.lda() + i : i * g.lda() + p]
                            * b[g.transB() ? j * g.ldb() + p : p * g.ldb() + j]);
                }
                double rest = g.beta() == 0 ? 0 : Math.abs(g.beta() * c[i * g.ldc() + j]);
                rest += g.bias() ? Math.abs(((float[]) golden.tensors().get("bias"))[j]) : 0;
                size[i * g.ldc() + j] = Math.abs(g.alpha()) * sum + rest;
            }
        }
        return size;
    }

    @Test
    void dropout() throws IOException {
        for (Golden golden : Golden.of("dropout")) {
            Dropout g = new Dropout(
                    golden.number("n"),
                    golden.number("f"),
                    Double.parseDouble(golden.metadata().get("p")),
                    Long.parseUnsignedLong(golden.metadata().get("seed")),
                    golden.number("layer"));
            for (Device device : devices) {
                for (String direction : g.directions()) {
                    Problem problem = g.problem(direction, Format.NCHW);
                    try (Bound bound = new Bound(device, problem, "reference", golden.tensors())) {
                        bound.invocation
                                .set("step", golden.number("step"))
                                .set(
                                        "first_sample",
                                        Long.parseLong(golden.metadata().get("first_sample")))
                                .run();
                        String out = direction.equals("forward") ? "output" : "gradInput";
                        // + 0 because a zeroed negative element is -0 in the golden file
                        assertArrayEquals(
                                positiveZeros((float[]) golden.tensors().get(out)),
                                positiveZeros(bound.get(out)),
                                golden.name() + " " + direction + " " + device.name());
                    }
                }
            }
        }
    }

    private static float[] positiveZeros(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f;
        }
        return values;
    }

    @Test
    void softmaxCrossEntropy() throws IOException {
        for (Golden golden : Golden.of("softmax_cross_entropy")) {
            int n = golden.number("n");
            int classes = golden.number("c");
            SoftmaxCrossEntropy g = new SoftmaxCrossEntropy(n, classes, golden.number("ignore_index"), n);
            int[] labels = (int[]) golden.tensors().get("labels");
            int live = 0;
            for (int label : labels) {
                live += label == g.ignoreIndex() ? 0 : 1;
            }
            float[] logits = (float[]) golden.tensors().get("logits");
            for (Device device : devices) {
                try (Bound bound = new Bound(
                        device,
                        g.problem("forward", Format.NCHW),
                        "reference",
                        Map.of("labels", labels, "logits", logits))) {
                    bound.invocation.set("row", 0).run();
                    float[] loss = (float[]) golden.tensors().get("loss");
                    float[] got = bound.get("loss");
                    for (int i = 0; i < n; i++) {
                        double spread = 0;
                        for (int c = 0; c < classes; c++) {
                            spread = Math.max(spread, Math.abs(logits[i * classes + c]));
                        }
                        assertEquals(loss[i], got[i], (16 + classes + 4 * spread) * UNIT, golden.name());
                    }
                }
                try (Bound bound = new Bound(
                        device,
                        g.problem("backwardInput", Format.NCHW),
                        "reference",
                        Map.of("labels", labels, "logits", logits))) {
                    boolean mean = golden.metadata().get("reduction").equals("mean");
                    bound.invocation.set("scale", mean ? 1.0 / live : 1).run();
                    float[] expected = (float[]) golden.tensors().get("gradLogits");
                    float[] got = bound.get("gradInput");
                    for (int i = 0; i < got.length; i++) {
                        assertEquals(
                                expected[i], got[i], (32 + classes + 30) * UNIT, golden.name() + " " + device.name());
                    }
                }
            }
        }
    }

    @Test
    void aLabelOutOfRangeIsFound() {
        SoftmaxCrossEntropy g = new SoftmaxCrossEntropy(3, 4, -100, 3);
        Map<String, Object> values = Map.of("labels", new int[] {4, -1, 2000000000}, "logits", new float[12]);
        for (Device device : devices) {
            try (Bound bound = new Bound(device, g.problem("forward", Format.NCHW), "reference", values)) {
                bound.invocation.set("row", 0).run();
                assertArrayEquals(
                        new int[] {-1, -1, -1}, bound.tensors.get("correct").readInts());
                assertTrue(Float.isNaN(bound.get("loss")[0]));
            }
        }
    }

    @Test
    void optimizers() throws IOException {
        for (String folder : new String[] {"sgd", "momentum", "adam", "adamw"}) {
            List<Golden> cases = Golden.of(folder);
            assertFalse(cases.isEmpty());
            for (Golden golden : cases) {
                for (Device device : devices) {
                    step(folder, golden, device);
                }
            }
        }
    }

    private static void step(String folder, Golden golden, Device device) {
        Map<String, String> m = golden.metadata();
        double rate = Double.parseDouble(m.get("lr"));
        double decay = Double.parseDouble(m.get("weight_decay"));
        boolean adam = folder.startsWith("adam");
        double beta1 = adam ? Double.parseDouble(m.get("beta1")) : 0;
        double beta2 = adam ? Double.parseDouble(m.get("beta2")) : 0;
        int n = golden.number("n");
        Geometry g = adam
                ? new Adam(n, beta1, beta2, Double.parseDouble(m.get("eps")), decay, folder.equals("adamw"))
                : new Sgd(n, Double.parseDouble(m.get("momentum")), decay, golden.number("nesterov") == 1);
        Map<String, Object> values = Map.of("parameter", golden.tensors().get("parameter0"));
        try (Bound bound = new Bound(device, g.problem("forward", Format.NCHW), "reference", values)) {
            bound.invocation.set("learning_rate", rate);
            for (int step = 1; step <= 5; step++) {
                bound.tensors.get("gradient").write((float[]) golden.tensors().get("grad_" + step));
                if (adam) {
                    bound.invocation.set("step_size", rate / (1 - Math.pow(beta1, step)));
                    bound.invocation.set("root", 1 / Math.sqrt(1 - Math.pow(beta2, step)));
                }
                bound.invocation.run();
                float[] expected = (float[]) golden.tensors().get("parameter_" + step);
                float[] got = bound.get("parameter");
                for (int i = 0; i < n; i++) {
                    // A step rounds the parameter and, some twenty times, an update of about the learning rate.
                    double bound2 = step * UNIT * (4 * Math.abs(expected[i]) + 64 * rate * (adam ? 1 : 4));
                    assertEquals(expected[i], got[i], bound2, folder + " " + golden.name() + " " + device.name());
                }
            }
        }
    }

    @Test
    void shapesBeyondIntAreRefused() {
        assertTrue(org.junit.jupiter.api.Assertions.assertThrows(
                        IllegalArgumentException.class, () -> Shape.of(65536, 65536))
                .getMessage()
                .contains("split the batch"));
    }
}
