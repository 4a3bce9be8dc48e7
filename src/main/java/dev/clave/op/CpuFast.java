package dev.clave.op;

import org.jspecify.annotations.Nullable;

/** A fast way to compute an operator on the CPU in single precision. It holds no state; scratch comes from the device. */
interface CpuFast extends CpuKernel {
    /** Name of such candidates. */
    String NAME = "fast";

    /** Why it does not take the problem, null when it does. Problems in double are refused before this is asked. */
    default @Nullable String refuses(Problem problem) {
        return null;
    }
}
