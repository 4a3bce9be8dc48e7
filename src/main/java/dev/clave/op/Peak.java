package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The most fused multiply-adds a device does: independent chains in registers, on an OpenCL device kernels/fma_peak.cl, on the
 * CPU a loop that C2 vectorises.
 */
public final class Peak {
    /** Short slices, the best of which counts: other processes disturb some. */
    private static final int SLICES = 20;

    private static final int CHAINS = 12;
    private static final int ROUNDS = 2_000;
    private static final int ELEMENTS = 512;
    private static final int STEPS = 16;

    private Peak() {}

    /**
     * Measures for some hundredths of a second, and waits for what was enqueued before. GFLOP/s; a multiply-add counts
     * as two.
     *
     * @param device where it runs
     * @return the number
     */
    public static double measure(Device device) {
        return device instanceof OpenClDevice openCl ? onOpenCl(openCl) : inJava();
    }

    private static double onOpenCl(OpenClDevice device) {
        int width = Math.max(4, Integer.highestOneBit(Math.min(16, device.info().vectorWidth())));
        int items = 256;
        try (ClKernel kernel = device.kernel("fma_peak", "fma_peak", Map.of("WIDTH", String.valueOf(width)));
                Tensor output = device.allocate(DType.F32, Shape.of(items, width))) {
            kernel.setBuffer(0, output.storage());
            kernel.setInt(1, ROUNDS);
            double best = 0;
            for (int i = 0; i < SLICES; i++) {
                long begin = System.nanoTime();
                kernel.enqueue(new long[] {items}, new long[] {1});
                device.finish();
                best = Math.max(best, 2.0 * CHAINS * width * ROUNDS * items / (System.nanoTime() - begin));
            }
            return best;
        }
    }

    private static double inJava() {
        int threads = Runtime.getRuntime().availableProcessors();
        int repeats = 1_000;
        double best = 0;
        for (int i = 0; i < SLICES; i++) {
            long begin = System.nanoTime();
            double check = IntStream.range(0, threads)
                    .parallel()
                    .mapToDouble(thread -> chains(repeats))
                    .sum();
            long nanos = System.nanoTime() - begin;
            if (!(check > 0)) {
                throw new IllegalStateException("the loop was left out");
            }
            best = Math.max(best, 2.0 * STEPS * ELEMENTS * repeats * threads / nanos);
        }
        return best;
    }

    private static double chains(int repeats) {
        float[] values = new float[ELEMENTS];
        for (int i = 0; i < repeats; i++) {
            steps(values);
        }
        return values[0];
    }

    private static void steps(float[] values) {
        for (int j = 0; j < ELEMENTS; j++) {
            float v = values[j];
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            v = Math.fma(v, 0.5f, 0.1f);
            values[j] = v;
        }
    }
}
