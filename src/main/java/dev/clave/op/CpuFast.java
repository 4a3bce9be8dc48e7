package dev.clave.op;

import org.jspecify.annotations.Nullable;

/**
 * A fast way to compute an operator on the CPU, in single precision and, where {@link #isWide} says so, in double. It holds no
 * state; scratch comes from the device.
 */
interface CpuFast extends CpuKernel {
    /** Name of such candidates. */
    String NAME = "fast";

    /** Whether it takes double precision as well. */
    default boolean isWide() {
        return false;
    }

    /** Why it does not take the problem, null when it does. Problems in a precision it lacks are refused before. */
    default @Nullable String refuses(Problem problem) {
        return null;
    }
}
