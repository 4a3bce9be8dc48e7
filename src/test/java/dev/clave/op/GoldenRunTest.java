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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Operators with state against golden data, and labels out of range, on every device. */
@ExtendWith(TestDevices.Parameter.class)
class GoldenRunTest {
    private static final double UNIT = 0x1p-24;
    private final TestDevices devices;

    GoldenRunTest(TestDevices devices) {
        this.devices = devices;
    }

    /** A prepared problem with its own tensors, filled with what the case holds. */
    private static final class Bound implements AutoCloseable {
        private final Invocation invocation;
        private final Map<String, Tensor> tensors = new HashMap<>();

        private Bound(Device device, Problem problem, String candidate, Map<String, Object> values) {
            invocation = Operators.prepare(device, problem, candidate);
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
    void aLabelOutOfRangeIsFound() {
        SoftmaxCrossEntropy g = new SoftmaxCrossEntropy(3, 4, -100, 3);
        Map<String, Object> values = Map.of("labels", new int[] {4, -1, 2000000000}, "logits", new float[12]);
        for (Device device : devices.all()) {
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
                for (Device device : devices.all()) {
                    Problem problem = geometry(folder, golden).problem("forward", Format.NCHW);
                    for (String candidate : Operators.candidates(device, problem)) {
                        step(folder, golden, device, problem, candidate);
                        devices.count(device, problem.operator());
                    }
                }
            }
        }
    }

    private static Geometry geometry(String folder, Golden golden) {
        Map<String, String> m = golden.metadata();
        double decay = Double.parseDouble(m.get("weight_decay"));
        boolean adam = folder.startsWith("adam");
        double beta1 = adam ? Double.parseDouble(m.get("beta1")) : 0;
        double beta2 = adam ? Double.parseDouble(m.get("beta2")) : 0;
        int n = golden.number("n");
        return adam
                ? new Adam(n, beta1, beta2, Double.parseDouble(m.get("eps")), decay, folder.equals("adamw"))
                : new Sgd(n, Double.parseDouble(m.get("momentum")), decay, golden.number("nesterov") == 1);
    }

    private static void step(String folder, Golden golden, Device device, Problem problem, String candidate) {
        double rate = golden.real("lr");
        boolean adam = folder.startsWith("adam");
        double beta1 = adam ? golden.real("beta1") : 0;
        double beta2 = adam ? golden.real("beta2") : 0;
        int n = golden.number("n");
        Map<String, Object> values = Map.of("parameter", golden.tensors().get("parameter0"));
        try (Bound bound = new Bound(device, problem, candidate, values)) {
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
