package dev.clave.bench;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.op.Activation;
import dev.clave.op.Format;
import dev.clave.op.Geometry;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import java.util.Set;

/**
 * Compares a candidate with the twin in double before it is timed. Where every sum of small integers is exact in any order
 * the results must be equal; elsewhere they differ by a few units in the last place of single precision.
 */
final class Check {
    private static final Set<String> EXACT =
            Set.of("conv2d", "gemm", "max_pool2d", "add", "bias_add", "dropout", "gather_images");
    private static final double UNIT = 0x1p-24;

    private Check() {}

    /** Lanes that fill the device's vectors, as far as the batch does. */
    static Format format(Device device, Shapes.Entry entry, int batch) {
        boolean samples = !Set.of("gemm", "adam", "sgd", "philox").contains(entry.operator());
        int lanes = device.isOpenCl() && samples ? Math.min(device.info().vectorWidth(), Math.min(16, batch)) : 1;
        return new Format(DType.F32, Integer.highestOneBit(Math.max(1, lanes)));
    }

    /** The largest batch whose twin is not asked for more than {@code flops} operations. */
    static int batch(Shapes.Entry entry, String direction, double flops) {
        double all = entry.geometry().problem(direction, Format.NCHW).flops();
        return (int) Math.max(1, Math.min(entry.batch(), entry.batch() * flops / all));
    }

    /** Throws when the candidate's results are wrong. */
    static void run(Device device, Shapes.Entry entry, String direction, String candidate, double flops) {
        int batch = batch(entry, direction, flops);
        Geometry geometry = entry.of().apply(batch);
        Format format = format(device, entry, entry.batch());
        boolean exact = EXACT.contains(entry.operator())
                || (geometry instanceof Activation a && a.kind() == Activation.Kind.RELU);
        try (Device cpu = Device.cpu();
                Inputs expected =
                        new Inputs(cpu, geometry.problem(direction, new Format(DType.F64, 1)), "reference", true);
                Inputs got = new Inputs(device, geometry.problem(direction, format), candidate, true)) {
            expected.run();
            got.run();
            Problem problem = geometry.problem(direction, Format.NCHW);
            for (Slot slot : problem.slots()) {
                if (slot.role() != Slot.Role.IN) {
                    String what = problem + " " + entry.shape() + " " + slot.name();
                    double slack = exact ? 0 : (32 + problem.accumulated()) * UNIT;
                    compare(what, expected.plainValues(slot.name()), got.plainValues(slot.name()), slack);
                }
            }
        }
    }

    private static void compare(String what, double[] expected, double[] got, double slack) {
        for (int i = 0; i < expected.length; i++) {
            // The expected double is rounded once to be comparable.
            double wanted = (float) expected[i];
            if (!(Math.abs(wanted - got[i]) <= slack * (6 + Math.abs(wanted)))) {
                throw new IllegalStateException(what + "[" + i + "]: expected " + wanted + ", got " + got[i]);
            }
        }
    }
}
