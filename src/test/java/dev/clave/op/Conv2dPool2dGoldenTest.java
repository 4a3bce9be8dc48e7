package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The fused block against PyTorch's results, on every device, in every layout, with every candidate. */
class Conv2dPool2dGoldenTest {
    private static Conv2dPool2d of(
            Conv2d conv, Activation.Kind inner, boolean max, Window window, Activation.Kind outer) {
        Geometry pool = max
                ? new MaxPool2d(conv.n(), conv.k(), conv.oh(), conv.ow(), window, false)
                : new AvgPool2d(conv.n(), conv.k(), conv.oh(), conv.ow(), window, false, true);
        return new Conv2dPool2d(conv, inner, pool, outer);
    }

    private static Map<String, double[]> run(
            Device device, Conv2dPool2d g, String direction, int lanes, String candidate, Map<String, double[]> host) {
        Problem problem = g.problem(direction, new Format(DType.F32, lanes));
        Problem plain = g.problem(direction, Format.NCHW);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, double[]> results = new LinkedHashMap<>();
        try (Invocation invocation = Operators.prepare(device, problem, candidate)) {
            for (Slot slot : problem.slots()) {
                Tensor tensor = device.allocate(slot.dtype(), slot.shape());
                tensors.put(slot.name(), tensor);
                double[] values = slot.role() == Slot.Role.IN ? host.get(slot.name()) : null;
                write(tensor, slot, blocked(values, slot, plain.slot(slot.name()), lanes));
                invocation.bind(slot.name(), tensor);
            }
            invocation.run();
            for (Slot slot : problem.slots()) {
                if (slot.role() == Slot.Role.OUT) {
                    results.put(
                            slot.name(), plain(read(tensors.get(slot.name())), slot, plain.slot(slot.name()), lanes));
                }
            }
        } finally {
            tensors.values().forEach(Tensor::close);
        }
        return results;
    }

    private static void write(Tensor tensor, Slot slot, double[] values) {
        if (slot.dtype() == DType.I32) {
            int[] ints = new int[values.length];
            for (int i = 0; i < ints.length; i++) {
                ints[i] = Double.isNaN(values[i]) ? Integer.MIN_VALUE : (int) values[i];
            }
            tensor.write(ints);
        } else {
            tensor.write(values);
        }
    }

    private static double[] read(Tensor tensor) {
        if (tensor.dtype() != DType.I32) {
            return tensor.readDoubles();
        }
        int[] ints = tensor.readInts();
        double[] values = new double[ints.length];
        for (int i = 0; i < ints.length; i++) {
            values[i] = ints[i];
        }
        return values;
    }

    private static boolean isBlocked(Slot slot, Slot plain) {
        return slot.shape().rank() == plain.shape().rank() + 1;
    }

    /** In the layout of the slot; null becomes NaN, so that what is not written is seen. */
    private static double[] blocked(double[] values, Slot slot, Slot plain, int lanes) {
        double[] moved = new double[slot.shape().elements()];
        if (values == null) {
            java.util.Arrays.fill(moved, Double.NaN);
            return moved;
        }
        if (!isBlocked(slot, plain)) {
            return values;
        }
        int inner = plain.shape().elements() / plain.shape().extent(0);
        for (int i = 0; i < values.length; i++) {
            moved[(i / inner / lanes * inner + i % inner) * lanes + i / inner % lanes] = values[i];
        }
        return moved;
    }

    private static double[] plain(double[] values, Slot slot, Slot plain, int lanes) {
        double[] moved = new double[plain.shape().elements()];
        int inner = plain.shape().elements() / plain.shape().extent(0);
        for (int i = 0; i < moved.length; i++) {
            int from = isBlocked(slot, plain) ? (i / inner / lanes * inner + i % inner) * lanes + i / inner % lanes : i;
            moved[i] = values[from] + 0.0;
        }
        return moved;
    }

    /** PyTorch's results; the bound is that of the longest sum and of activations within 8 ULP, at the largest magnitude. */
    @Test
    void agreesWithPyTorch() throws IOException {
        List<Golden> all = Golden.of("conv2d_pool2d");
        assertTrue(all.size() >= 4);
        for (Golden golden : all) {
            Conv2dPool2d g = geometry(golden);
            Map<String, double[]> host = new LinkedHashMap<>();
            golden.tensors().forEach((slot, values) -> host.put(slot, Values.doubles(values)));
            if (g.pool() instanceof AvgPool2d average) {
                host.put("reciprocal", average.reciprocals());
            }
            for (int d = -1; d < Device.list().size(); d++) {
                try (Device device = d < 0 ? Device.cpu() : Device.open(String.valueOf(d))) {
                    for (int lanes : device.isOpenCl() ? new int[] {1, 8, 16} : new int[] {1}) {
                        for (String direction : g.directions()) {
                            Problem problem = g.problem(direction, new Format(DType.F32, lanes));
                            int terms = problem.accumulated();
                            double size = largestSum(g, host, direction);
                            double bound = terms * 0x1p-24 / (1 - terms * 0x1p-24) * size + 32 * 0x1p-24 * (1 + size);
                            for (String candidate : Operators.candidates(device, problem)) {
                                run(device, g, direction, lanes, candidate, host)
                                        .forEach((slot, got) -> assertArrayEquals(
                                                host.get(slot),
                                                got,
                                                slot.equals("argmax") ? 0 : bound,
                                                golden.name() + " " + problem + " " + candidate + " " + slot));
                            }
                        }
                    }
                }
            }
        }
    }

    private static Conv2dPool2d geometry(Golden golden) {
        Conv2d conv = new Conv2d(
                golden.number("n"),
                golden.number("c"),
                golden.number("h"),
                golden.number("w"),
                golden.number("k"),
                golden.window(),
                golden.number("groups"),
                true);
        Window pool = Window.of(golden.number("pool_kh"), golden.number("pool_kw"))
                .stride(golden.number("pool_stride_h"), golden.number("pool_stride_w"))
                .pad(golden.number("pool_pad_top"));
        return of(conv, kind(golden, "inner"), golden.number("max") == 1, pool, kind(golden, "outer"));
    }

    private static Activation.Kind kind(Golden golden, String key) {
        String name = golden.metadata().get(key);
        return name.equals("none") ? null : Activation.Kind.valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** The largest sum of magnitudes: of the convolution, of a gradient, or of a parameter's gradient. */
    private static double largestSum(Conv2dPool2d g, Map<String, double[]> host, String direction) {
        int k = g.conv().k();
        double most = most(host.get("gradOutput")) * 9;
        for (int channel = 0; channel < k; channel++) {
            double sum = 0;
            if (direction.equals("backwardParameters")) {
                double[] gradient = host.get("gradConv");
                int positions = g.conv().oh() * g.conv().ow();
                for (int i = 0; i < gradient.length; i++) {
                    sum += i / positions % k == channel ? Math.abs(gradient[i]) : 0;
                }
                sum *= Math.max(1, most(host.get("input")));
            } else {
                double[] weight = host.get("weight");
                int taps = weight.length / k;
                sum = Math.abs(host.get("bias")[channel]);
                for (int i = 0; i < taps; i++) {
                    sum += Math.abs(weight[channel * taps + i]) * most(host.get("input"));
                }
            }
            most = Math.max(most, sum);
        }
        return most;
    }

    private static double most(double[] values) {
        double most = 0;
        for (double value : values) {
            most = Math.max(most, Math.abs(value));
        }
        return most;
    }
}
