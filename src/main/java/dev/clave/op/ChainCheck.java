package dev.clave.op;

import dev.clave.DType;
import dev.clave.DeviceException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The self-test of chains: sums that need each other, in one kernel, with whole numbers that stay exact. */
final class ChainCheck {
    private static final int ELEMENTS = 4000;
    private static final int LAUNCHES = 12;
    private static final int RUNS = 3;

    private ChainCheck() {}

    /** What is wrong with chains on a device; null when nothing is, or when it has none. */
    static @Nullable String wrong(OpenClDevice device) {
        if (!Chain.isSupported(device)) {
            return null;
        }
        try (Tensor even = device.allocate(DType.F32, Shape.of(ELEMENTS));
                Tensor odd = device.allocate(DType.F32, Shape.of(ELEMENTS))) {
            List<Invocation> sums = new ArrayList<>();
            try {
                for (int i = 0; i < LAUNCHES; i++) {
                    sums.add(sum(device, i % 2 == 0 ? even : odd, i % 2 == 0 ? odd : even));
                }
                return run(sums, even, odd);
            } finally {
                sums.forEach(Invocation::close);
            }
        } catch (DeviceException e) {
            return String.valueOf(e.getMessage()).lines().findFirst().orElse("fails");
        }
    }

    private static Invocation sum(OpenClDevice device, Tensor input, Tensor sum) {
        Problem problem = new Add(1, ELEMENTS).problem("accumulate", new Format(DType.F32, 1));
        OpenClCandidate add = Operators.row("add").candidates().get(0);
        return Invocation.openCl(device, problem, add).bind("input", input).bind("sum", sum);
    }

    private static @Nullable String run(List<Invocation> sums, Tensor even, Tensor odd) {
        // Not by way of what pays, which asks for the verdict that this is a part of.
        try (Chain chain = Chain.of(sums, run -> true, ChainSource.PATIENCE)) {
            for (int run = 0; run < RUNS; run++) {
                float[] a = new float[ELEMENTS];
                float[] b = new float[ELEMENTS];
                for (int i = 0; i < ELEMENTS; i++) {
                    a[i] = i % 11 - 5;
                    b[i] = i % 7;
                }
                even.write(a);
                odd.write(b);
                chain.run();
                for (int i = 0; i < ELEMENTS; i++) {
                    for (int launch = 0; launch < LAUNCHES; launch += 2) {
                        b[i] += a[i];
                        a[i] += b[i];
                    }
                }
                if (!Arrays.equals(a, even.readFloats()) || !Arrays.equals(b, odd.readFloats())) {
                    return "launches in one kernel do not wait for each other";
                }
            }
            return null;
        }
    }
}
