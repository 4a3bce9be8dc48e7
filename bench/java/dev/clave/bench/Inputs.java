package dev.clave.bench;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.AvgPool2d;
import dev.clave.op.Format;
import dev.clave.op.GatherImages;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.MaxPool2d;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Tensors of a problem with values that make sense, and its scalars; the same for every device and layout. */
final class Inputs implements AutoCloseable {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Invocation invocation;
    private final Problem problem;
    private final Problem plain;

    /**
     * @param whole whether real values are small integers, so that sums are exact in any order
     */
    Inputs(Device device, Problem problem, String candidate, boolean whole) {
        this.problem = problem;
        this.plain = problem.geometry()
                .problem(problem.direction(), new Format(problem.format().real(), 1));
        this.invocation = Operators.prepare(device, problem, candidate.isEmpty() ? null : candidate);
        Random random = new Random(1);
        for (Slot slot : problem.slots()) {
            Tensor tensor = device.allocate(slot.dtype(), slot.shape());
            tensors.put(slot.name(), tensor);
            invocation.bind(slot.name(), tensor);
            Shape shape = plain.slot(slot.name()).shape();
            double[] values = values(slot, shape.elements(), random, whole);
            double[] moved =
                    layout(values, shape, slot.shape(), problem.format().lanes(), true);
            if (slot.dtype().isReal()) {
                tensor.write(moved);
            } else if (slot.dtype() == DType.I32) {
                int[] ints = new int[moved.length];
                for (int i = 0; i < ints.length; i++) {
                    ints[i] = (int) moved[i];
                }
                tensor.write(ints);
            } else {
                byte[] bytes = new byte[moved.length];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) (int) moved[i];
                }
                tensor.write(bytes);
            }
        }
        for (String scalar : problem.scalars()) {
            invocation.set(
                    scalar,
                    switch (scalar) {
                        case "learning_rate", "step_size" -> 0.001;
                        case "live" -> ((GatherImages) problem.geometry()).n();
                        case "root", "scale", "step" -> 1;
                        default -> 0;
                    });
        }
    }

    private double[] values(Slot slot, int count, Random random, boolean whole) {
        Geometry geometry = problem.geometry();
        double[] values = new double[count];
        if (slot.name().equals("reciprocal")) {
            return ((AvgPool2d) geometry).reciprocals();
        }
        if (slot.name().equals("argmax") && slot.role() == Slot.Role.IN && geometry instanceof MaxPool2d pool) {
            return argmax(pool);
        }
        int most = problem.accumulated() > 1 << 20 ? 1 : 3;
        for (int i = 0; i < count; i++) {
            if (slot.dtype() == DType.I32) {
                values[i] = slot.name().equals("order") ? count - 1 - i : i % 10;
            } else if (slot.dtype() == DType.U8) {
                values[i] = random.nextInt(256);
            } else if (slot.name().equals("second")) {
                values[i] = random.nextInt(4) / 8.0;
            } else {
                values[i] = whole ? random.nextInt(2 * most + 1) - most : random.nextFloat() - 0.5f;
            }
        }
        return values;
    }

    /** Where the maxima of some input lie. */
    private static double[] argmax(MaxPool2d geometry) {
        try (Device cpu = Device.cpu();
                Inputs forward = new Inputs(cpu, geometry.problem("forward", Format.NCHW), "reference", true)) {
            forward.run();
            return forward.plainValues("argmax");
        }
    }

    void run() {
        invocation.run();
    }

    String candidate() {
        return invocation.candidate();
    }

    /** Values of a tensor in NCHW order. */
    double[] plainValues(String slot) {
        Tensor tensor = tensors.get(slot);
        double[] values;
        if (tensor.dtype().isReal()) {
            values = tensor.readDoubles();
        } else {
            int[] ints = tensor.readInts();
            values = new double[ints.length];
            for (int i = 0; i < ints.length; i++) {
                values[i] = ints[i];
            }
        }
        return layout(
                values,
                plain.slot(slot).shape(),
                problem.slot(slot).shape(),
                problem.format().lanes(),
                false);
    }

    /** From NCHW to blocks of lanes, or back. */
    private static double[] layout(double[] values, Shape plain, Shape physical, int lanes, boolean to) {
        if (lanes == 1 || physical.rank() != plain.rank() + 1) {
            return java.util.Arrays.copyOf(values, to ? physical.elements() : plain.elements());
        }
        double[] moved = new double[to ? physical.elements() : plain.elements()];
        int inner = plain.elements() / plain.extent(0);
        for (int i = 0; i < plain.elements(); i++) {
            int n = i / inner;
            int blocked = (n / lanes * inner + i % inner) * lanes + n % lanes;
            moved[to ? blocked : i] = values[to ? i : blocked];
        }
        return moved;
    }

    @Override
    public void close() {
        invocation.close();
        tensors.values().forEach(Tensor::close);
    }
}
