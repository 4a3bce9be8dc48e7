package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The operators of imported graphs against NumPy and PyTorch, on every device, with one and several samples side by side. */
class GraphOperatorsTest {
    private static final double UNIT = 0x1p-24;
    private static final float GUARD = 12345;
    private static final List<Device> DEVICES = new ArrayList<>();

    @BeforeAll
    static void open() {
        DEVICES.add(Device.cpu());
        for (int i = 0; i < Device.list().size(); i++) {
            DEVICES.add(Device.open(String.valueOf(i)));
        }
    }

    @AfterAll
    static void close() {
        DEVICES.forEach(Device::close);
        DEVICES.clear();
    }

    static List<String> operators() {
        return GraphOperators.NAMES;
    }

    @ParameterizedTest
    @MethodSource("operators")
    void golden(String operator) throws IOException {
        for (Golden golden : Golden.of(operator)) {
            Geometry geometry = GraphOperators.geometry(operator, golden.metadata());
            float[] expected = (float[]) golden.tensors().get("output");
            double[] size = magnitudes(operator, geometry, golden.tensors());
            for (Device device : DEVICES) {
                for (int lanes : device.isOpenCl() ? new int[] {1, 4, 16} : new int[] {1}) {
                    Problem problem = geometry.problem("forward", new Format(DType.F32, lanes));
                    for (String candidate : Operators.candidates(device, problem)) {
                        float[] got = run(device, problem, candidate, golden.tensors());
                        assertArrayEquals(
                                got, run(device, problem, candidate, golden.tensors()), problem + " run again");
                        String what = problem + " " + golden.name() + " lanes " + lanes + " on " + device.name();
                        compare(what, operator, problem.accumulated(), expected, size, got);
                    }
                }
            }
        }
    }

    /** Exact where elements are moved or rounded once; sums by their bound; exp and log within 8 ULP of what is added. */
    private static void compare(String what, String operator, int sums, float[] expected, double[] size, float[] got) {
        assertEquals(expected.length, got.length, what);
        for (int i = 0; i < got.length; i++) {
            double bound = switch (operator) {
                case "matmul" -> sums * UNIT / (1 - sums * UNIT) * size[i] + UNIT * Math.abs(expected[i]);
                case "elementwise", "batch_norm_inference" -> 8 * 2 * UNIT * size[i];
                default -> 0;
            };
            boolean same = Float.isNaN(expected[i]) ? Float.isNaN(got[i]) : Math.abs(expected[i] - got[i]) <= bound;
            assertTrue(same, what + "[" + i + "]: expected " + expected[i] + ", got " + got[i]);
        }
    }

    /** Sum of the absolute values behind each element. */
    private static double[] magnitudes(String operator, Geometry geometry, Map<String, Object> tensors) {
        float[] output = (float[]) tensors.get("output");
        double[] size = new double[output.length];
        float[] input = (float[]) tensors.get("input");
        Map<String, Object> absolute = new HashMap<>();
        tensors.forEach((name, values) -> absolute.put(name, values instanceof float[] f ? absolute(f) : values));
        float[] sums = operator.equals("matmul")
                ? run(DEVICES.get(0), geometry.problem("forward", Format.NCHW), "twin", absolute)
                : output;
        for (int i = 0; i < size.length; i++) {
            size[i] = Math.abs(sums[i]);
            if (geometry instanceof BatchNormInference g) {
                int c = i / g.positions() % g.c();
                float[] mean = (float[]) tensors.get("mean");
                float[] scale = (float[]) tensors.get("scale");
                float[] variance = (float[]) tensors.get("variance");
                float[] bias = (float[]) tensors.get("bias");
                double factor = Math.abs(scale[c]) / Math.sqrt(variance[c] + g.epsilon());
                size[i] = (Math.abs(input[i]) + Math.abs(mean[c])) * factor + Math.abs(bias[c]);
            } else if (geometry instanceof Elementwise g && g.kind() == Elementwise.Kind.AFFINE) {
                size[i] = Math.abs(g.p() * input[i]) + Math.abs(g.q());
            }
        }
        return size;
    }

    private static float[] absolute(float[] values) {
        float[] positive = values.clone();
        for (int i = 0; i < positive.length; i++) {
            positive[i] = Math.abs(positive[i]);
        }
        return positive;
    }

    /** Runs with inputs in NCHW order; guards lie around the output, which is NaN before. */
    private static float[] run(Device device, Problem problem, String candidate, Map<String, Object> inputs) {
        Problem plain = problem.geometry().problem(problem.direction(), Format.NCHW);
        int lanes = problem.format().lanes();
        Map<String, Tensor> tensors = new HashMap<>();
        Shape shape = problem.slot("output").shape();
        int guard = Math.max(16, device.viewAlignment() / 4);
        try (Invocation invocation = Operators.prepare(device, problem, device.isOpenCl() ? candidate : null);
                Tensor whole = device.allocate(DType.F32, Shape.of(shape.elements() + 2 * guard))) {
            float[] filled = new float[whole.shape().elements()];
            Arrays.fill(filled, GUARD);
            Arrays.fill(filled, guard, guard + shape.elements(), Float.NaN);
            whole.write(filled);
            for (Slot slot : problem.slots()) {
                Shape natural = plain.slot(slot.name()).shape();
                if (slot.role() == Slot.Role.OUT) {
                    tensors.put(slot.name(), whole.view(guard, shape));
                } else {
                    Tensor tensor = device.allocate(slot.dtype(), slot.shape());
                    tensors.put(slot.name(), tensor);
                    boolean blocked = !natural.equals(slot.shape());
                    if (slot.dtype() == DType.I32) {
                        int[] values = (int[]) inputs.get(slot.name());
                        int[] moved = new int[slot.shape().elements()];
                        for (int i = 0; i < values.length; i++) {
                            moved[blocked ? place(i, natural, lanes) : i] = values[i];
                        }
                        tensor.write(moved);
                    } else {
                        float[] values = (float[]) inputs.get(slot.name());
                        float[] moved = new float[slot.shape().elements()];
                        for (int i = 0; i < values.length; i++) {
                            moved[blocked ? place(i, natural, lanes) : i] = values[i];
                        }
                        tensor.write(moved);
                    }
                }
                invocation.bind(slot.name(), tensors.get(slot.name()));
            }
            invocation.run();
            float[] all = whole.readFloats();
            for (int i = 0; i < guard; i++) {
                assertEquals(GUARD, all[i], problem + " wrote before its output");
                assertEquals(GUARD, all[all.length - 1 - i], problem + " wrote behind its output");
            }
            Shape natural = plain.slot("output").shape();
            float[] results = new float[natural.elements()];
            for (int i = 0; i < results.length; i++) {
                results[i] = all[guard + place(i, natural, lanes)];
            }
            return results;
        } finally {
            tensors.values().forEach(Tensor::close);
        }
    }

    private static int place(int i, Shape natural, int lanes) {
        int inner = natural.elements() / natural.extent(0);
        int n = i / inner;
        return (n / lanes * inner + i % inner) * lanes + n % lanes;
    }

    /** Every shape of up to four axes of 1, 2 or 3, against loops that know nothing of strides. */
    @Test
    void broadcastingOfManyShapes() {
        try (Device cpu = Device.cpu()) {
            for (int code = 0; code < 81; code++) {
                int[] a = new int[4];
                int[] b = new int[4];
                int rest = code;
                for (int axis = 0; axis < 4; axis++, rest /= 3) {
                    a[axis] = rest % 3 == 1 ? 1 : 2 + axis % 2;
                    b[axis] = rest % 3 == 2 ? 1 : 2 + axis % 2;
                }
                Broadcast g = new Broadcast(Broadcast.Kind.SUB, 1, Shape.of(a), false, Shape.of(b), false);
                float[] x = counted(g.a().elements(), 1);
                float[] y = counted(g.b().elements(), 100);
                float[] got = run(cpu, g.problem("forward", Format.NCHW), "twin", Map.of("a", x, "b", y));
                int[] o = g.output().toArray();
                for (int i = 0; i < got.length; i++) {
                    int[] at = new int[4];
                    for (int axis = 3, left = i; axis >= 0; axis--) {
                        at[axis] = left % o[axis];
                        left /= o[axis];
                    }
                    assertEquals(x[offset(at, a)] - y[offset(at, b)], got[i], g + "[" + i + "]");
                }
            }
        }
    }

    private static float[] counted(int count, int first) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = first + i;
        }
        return values;
    }

    private static int offset(int[] at, int[] shape) {
        int place = 0;
        for (int axis = 0; axis < shape.length; axis++) {
            place = place * shape[axis] + Math.min(at[axis], shape[axis] - 1);
        }
        return place;
    }

    @Test
    void misfitsAreNamed() {
        assertTrue(message(() -> new Broadcast(Broadcast.Kind.ADD, 1, Shape.of(2, 3), false, Shape.of(2), false))
                .contains("[2, 3] and [2] do not broadcast"));
        assertTrue(message(() -> new MatMul(1, Shape.of(2, 3), false, Shape.of(2, 3), false))
                .contains("inner extents differ"));
        assertTrue(
                message(() -> new Transpose(1, Shape.of(2, 3), List.of(0, 0))).contains("permutation"));
        assertTrue(message(() -> new MaxUnpool2d(1, 1, 1, 1, 4, 4, 3, 4)).contains("OH is at least 4"));
        assertTrue(message(() -> new Broadcast(
                                Broadcast.Kind.ADD,
                                1,
                                Shape.of(2, 1, 2, 1, 2, 1, 2, 1),
                                false,
                                Shape.of(1, 2, 1, 2, 1, 2, 1, 2),
                                false)
                        .index(Format.NCHW))
                .contains("need 8 axes, there are 6"));
    }

    private static String message(Runnable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }
}
