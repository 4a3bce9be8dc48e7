package dev.clave.op;

import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a problem that is tuned, shared by all candidates. Inputs are whole numbers so small, none of them 0, that
 * sums are exact in any order: then a candidate must give the reference's bits. Where a sum is too long for that, or tanh or
 * the logistic function follows, it must stay within the bound.
 */
final class TuningCase implements AutoCloseable {
    /** Whole numbers up to here are exact in single precision. */
    private static final double EXACT = 1 << 24;

    private static final double U = 0x1p-24;
    /** What each side of a tanh may be off, in units of the last place. */
    private static final double TANH_ULP = 8;

    private final Problem problem;
    private final Problem plain;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, float[]> inputs = new LinkedHashMap<>();

    TuningCase(OpenClDevice device, Problem problem) {
        this.problem = problem;
        this.plain = problem.geometry()
                .problem(problem.direction(), new Format(problem.format().real(), 1));
        try {
            SplittableRandom random = new SplittableRandom(problem.toString().hashCode());
            for (Slot slot : problem.slots()) {
                tensors.put(slot.name(), device.allocate(slot.dtype(), slot.shape()));
                if (slot.role() != Slot.Role.OUT) {
                    inputs.put(slot.name(), input(slot, random));
                }
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Whether there are inputs for a problem: real ones. */
    static boolean suits(Problem problem) {
        return !problem.isEmpty()
                && problem.scalars().isEmpty()
                && problem.slots().stream()
                        .allMatch(slot ->
                                slot.role() == Slot.Role.OUT || slot.dtype().isReal());
    }

    private float[] input(Slot slot, SplittableRandom random) {
        float[] values = new float[slot.shape().elements()];
        int most = (int) Math.max(1, Math.min(3, Math.sqrt(EXACT / Math.max(1, problem.accumulated()))));
        for (int i = 0; i < values.length; i++) {
            int whole = random.nextInt(most) + 1;
            float drawn = slot.name().equals("reciprocal") ? 0.25f : random.nextBoolean() ? whole : -whole;
            values[i] = isLive(slot, i) ? drawn : 0;
        }
        return values;
    }

    /** Whether an element belongs to a sample, not to the lanes beyond the last one. */
    private boolean isLive(Slot slot, int i) {
        Shape samples = plain.slot(slot.name()).shape();
        if (slot.shape().rank() != samples.rank() + 1) {
            return true;
        }
        int lanes = problem.format().lanes();
        int block = slot.shape().elements() / slot.shape().extent(0);
        return i / block * lanes + i % lanes < samples.extent(0);
    }

    /** Binds the tensors. */
    void bind(Invocation invocation) {
        tensors.forEach(invocation::bind);
    }

    /** Runs once on fresh inputs; results by slot, NaN where nothing was written. */
    Map<String, double[]> run(Invocation invocation) {
        for (Slot slot : problem.slots()) {
            Tensor tensor = tensor(slot);
            float[] values = inputs.get(slot.name());
            if (values != null) {
                write(tensor, values);
            } else if (slot.dtype().isReal()) {
                float[] unwritten = new float[slot.shape().elements()];
                java.util.Arrays.fill(unwritten, Float.NaN);
                write(tensor, unwritten);
            } else {
                int[] unwritten = new int[slot.shape().elements()];
                java.util.Arrays.fill(unwritten, Integer.MIN_VALUE);
                tensor.write(unwritten);
            }
        }
        invocation.run();
        Map<String, double[]> results = new LinkedHashMap<>();
        for (Slot slot : problem.slots()) {
            if (slot.role() != Slot.Role.IN) {
                Tensor tensor = tensor(slot);
                results.put(
                        slot.name(),
                        slot.dtype().isReal()
                                ? tensor.readDoubles()
                                : java.util.Arrays.stream(tensor.readInts())
                                        .asDoubleStream()
                                        .toArray());
            }
        }
        return results;
    }

    private Tensor tensor(Slot slot) {
        Tensor tensor = tensors.get(slot.name());
        if (tensor == null) {
            throw new IllegalStateException(problem + " has no tensor " + slot.name());
        }
        return tensor;
    }

    private static void write(Tensor tensor, float[] values) {
        if (tensor.dtype() == dev.clave.DType.F32) {
            tensor.write(values);
            return;
        }
        double[] wide = new double[values.length];
        java.util.Arrays.setAll(wide, i -> values[i]);
        tensor.write(wide);
    }

    /** The first element that differs by more than is allowed, null when there is none. */
    @Nullable
    String difference(Map<String, double[]> expected, Map<String, double[]> got) {
        for (Slot slot : problem.slots()) {
            double[] wanted = expected.get(slot.name());
            double[] values = got.get(slot.name());
            if (wanted == null || values == null) {
                continue;
            }
            for (int i = 0; i < wanted.length; i++) {
                boolean same = values[i] == wanted[i] || Math.abs(values[i] - wanted[i]) <= allowed(wanted[i]);
                if (!same && isLive(slot, i)) {
                    return slot.name() + "[" + i + "] is " + values[i] + " instead of " + wanted[i];
                }
            }
        }
        return null;
    }

    /** 0 where every operation is exact; gamma_K times the sum of products of ones; two errors of tanh and of its average. */
    private double allowed(double expected) {
        double k = problem.accumulated();
        double tail = rounds() ? U * (2 * TANH_ULP * Math.abs(expected) + 4 * taps()) : 0;
        // Beyond the exact range all inputs are 1 or -1.
        return tail + (k > EXACT ? 2 * k * (k * U / Math.max(U, 1 - k * U)) : 0);
    }

    private boolean rounds() {
        if (problem.geometry() instanceof Conv2dPool2d g) {
            return bends(g.inner()) || bends(g.outer());
        }
        return problem.geometry() instanceof Gemm gemm
                && (gemm.epilogue() == Gemm.Epilogue.TANH || !isWhole(gemm.alpha()) || !isWhole(gemm.beta()));
    }

    private static boolean bends(Activation.@Nullable Kind kind) {
        return kind == Activation.Kind.TANH || kind == Activation.Kind.SIGMOID;
    }

    private static boolean isWhole(double value) {
        return value == Math.rint(value) && Math.abs(value) <= 4;
    }

    /** Values that an average adds up behind an activation of at most 1. */
    private double taps() {
        return problem.geometry() instanceof Conv2dPool2d g && bends(g.inner())
                ? g.poolWindow().kh() * g.poolWindow().kw()
                : 0;
    }

    @Override
    public void close() {
        tensors.values().forEach(Tensor::close);
    }
}
