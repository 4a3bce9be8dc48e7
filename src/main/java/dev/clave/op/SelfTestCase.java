package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.internal.cpu.CpuDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A small problem of the self-test. Inputs are whole numbers, so that every sum is exact in any order; answers are those of
 * the plain Java twin, for random numbers those of the generator's authors, for tanh those of {@link Math}.
 */
record SelfTestCase(Geometry geometry, String direction, DType real) {
    /** Allowed for tanh, in ULP. */
    private static final double TANH_ULP = 8;

    /** First word of Philox4x32-10 for counter 0 and key 0 (Salmon et al., known answers of Random123). */
    private static final int[] PHILOX_ZEROS = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};

    /** In single precision. */
    private SelfTestCase(Geometry geometry, String direction) {
        this(geometry, direction, DType.F32);
    }

    static List<SelfTestCase> all() {
        List<SelfTestCase> all = new ArrayList<>();
        add(all, new Philox(67, Philox.Distribution.UNIFORM, 0, 0));
        add(all, new Activation(Activation.Kind.TANH, 3, 85, 0));
        add(all, new Gemm(6, 19, 11, false, false, 1, 0, 11, 19, 19, true, Gemm.Epilogue.RELU));
        Gemm transposed = new Gemm(5, 17, 5, true, true, 2, 1, 5, 5, 18, false, Gemm.Epilogue.NONE);
        add(all, transposed);
        // Double precision has a path of its own here.
        all.add(new SelfTestCase(transposed, "forward", DType.F64));
        all.add(new SelfTestCase(new Gemm(6, 19, 11), "forward", DType.F64));
        // Seventeen channels and three samples: tails for every tile and vector; 5x6 pixels: tails for rows.
        add(all, new Conv2d(3, 4, 5, 6, 17, Window.of(3, 3).pad(1), 1, true));
        add(all, new Conv2d(3, 4, 7, 6, 6, Window.of(3, 2).stride(2, 1).pad(1, 0, 0, 1), 2, false));
        add(all, new Conv2d(3, 19, 1, 1, 13, Window.of(1, 1), 1, true));
        add(all, new Conv2d(3, 3, 5, 7, 3, Window.of(3, 2).stride(2, 1).pad(1, 0, 0, 1), 3, true));
        Conv2d inner = new Conv2d(3, 2, 6, 8, 7, Window.of(3, 3).pad(1), 1, true);
        Window half = Window.of(2, 2).stride(2, 2);
        MaxPool2d max = new MaxPool2d(3, 7, 6, 8, half, false);
        AvgPool2d average = new AvgPool2d(3, 7, 6, 8, half, false, true);
        all.add(new SelfTestCase(new Conv2dPool2d(inner, null, max, Activation.Kind.RELU), "forward"));
        all.add(new SelfTestCase(new Conv2dPool2d(inner, Activation.Kind.RELU, average, null), "forward"));
        all.add(new SelfTestCase(max, "forward"));
        add(all, average);
        return all;
    }

    private static void add(List<SelfTestCase> all, Geometry geometry) {
        geometry.directions().forEach(direction -> all.add(new SelfTestCase(geometry, direction)));
    }

    Problem problem(int lanes) {
        return geometry.problem(direction, new Format(real, lanes));
    }

    /** What every candidate must give, by slot. */
    Map<String, double[]> answers(CpuDevice cpu) {
        Map<String, double[]> answers;
        try (Invocation twin = Operators.prepare(cpu, problem(1), "reference")) {
            answers = run(cpu, twin);
        }
        if (isTanh() && direction.equals("forward")) {
            double[] input = input(problem(1).slot("input"));
            java.util.Arrays.setAll(input, i -> Math.tanh((float) input[i]));
            answers.put("output", input);
        }
        if (geometry instanceof Philox) {
            for (int i = 0; i < PHILOX_ZEROS.length; i++) {
                present(answers, "output")[i] = (PHILOX_ZEROS[i] >>> 8) * 0x1p-24;
            }
        }
        return answers;
    }

    private static double[] present(Map<String, double[]> values, String slot) {
        double[] found = values.get(slot);
        if (found == null) {
            throw new IllegalStateException("no result '" + slot + "', there are " + values.keySet());
        }
        return found;
    }

    private boolean isTanh() {
        return geometry instanceof Activation a && a.kind() == Activation.Kind.TANH;
    }

    /** Inputs in NCHW order: whole numbers from -3 to 3 without 0; for tanh numbers all over where it bends. */
    private double[] input(Slot slot) {
        double[] values = new double[slot.shape().elements()];
        for (int i = 0; i < values.length; i++) {
            int whole = (i * 5 + i / 7) % 6 - 3;
            values[i] = slot.name().equals("reciprocal") ? 0.25 : whole < 0 ? whole : whole + 1;
            if (isTanh() && slot.name().equals("input")) {
                values[i] = (i - values.length / 2) * 0.0825;
            }
        }
        return values;
    }

    /** Runs once; results by slot in NCHW order, NaN or a number never used where nothing was written. */
    Map<String, double[]> run(Device device, Invocation invocation) {
        Problem problem = invocation.problem();
        Problem plain = problem(1);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, double[]> results = new LinkedHashMap<>();
        try {
            for (Slot slot : problem.slots()) {
                Tensor tensor = device.allocate(slot.dtype(), slot.shape());
                tensors.put(slot.name(), tensor);
                fill(tensor, slot, plain.slot(slot.name()), problem.format().lanes());
                invocation.bind(slot.name(), tensor);
            }
            invocation.run();
            tensors.forEach((name, tensor) -> {
                if (problem.slot(name).role() != Slot.Role.IN) {
                    results.put(
                            name,
                            plainOrder(
                                    tensor, plain.slot(name), problem.format().lanes()));
                }
            });
        } finally {
            tensors.values().forEach(Tensor::close);
        }
        return results;
    }

    private void fill(Tensor tensor, Slot slot, Slot plain, int lanes) {
        double[] laidOut = new double[slot.shape().elements()];
        if (slot.role() == Slot.Role.OUT) {
            java.util.Arrays.fill(laidOut, Double.NaN);
        } else {
            double[] values = input(plain);
            for (int i = 0; i < values.length; i++) {
                laidOut[place(i, slot, plain, lanes)] = values[i];
            }
        }
        if (slot.dtype() == DType.I32) {
            tensor.write(java.util.Arrays.stream(laidOut)
                    .mapToInt(value -> Double.isNaN(value) ? Integer.MIN_VALUE : (int) value)
                    .toArray());
        } else {
            tensor.write(laidOut);
        }
    }

    private static double[] plainOrder(Tensor tensor, Slot plain, int lanes) {
        double[] values = tensor.dtype() == DType.I32
                ? java.util.Arrays.stream(tensor.readInts()).asDoubleStream().toArray()
                : tensor.readDoubles();
        double[] ordered = new double[plain.shape().elements()];
        boolean blocked = tensor.shape().rank() == plain.shape().rank() + 1;
        for (int i = 0; i < ordered.length; i++) {
            ordered[i] = values[blocked ? block(i, plain, lanes) : i];
        }
        return ordered;
    }

    private static int place(int i, Slot slot, Slot plain, int lanes) {
        return slot.shape().rank() == plain.shape().rank() + 1 ? block(i, plain, lanes) : i;
    }

    /** Place of NCHW element i among blocks of lanes. */
    private static int block(int i, Slot plain, int lanes) {
        int inner = plain.shape().elements() / plain.shape().extent(0);
        int n = i / inner;
        return (n / lanes * inner + i % inner) * lanes + n % lanes;
    }

    /** The first wrong element, null when there is none. */
    @Nullable
    String difference(Map<String, double[]> answers, Map<String, double[]> got) {
        for (Map.Entry<String, double[]> answer : answers.entrySet()) {
            double[] values = present(got, answer.getKey());
            double[] expected = answer.getValue();
            for (int i = 0; i < expected.length; i++) {
                boolean rounded = isTanh() && direction.equals("forward");
                double allowed = rounded ? TANH_ULP * Math.ulp((float) expected[i]) : 0;
                if (!(Math.abs(values[i] - expected[i]) <= allowed)) {
                    return geometry + ": " + answer.getKey() + "[" + i + "] is " + values[i] + " instead of "
                            + expected[i];
                }
            }
        }
        return null;
    }
}
