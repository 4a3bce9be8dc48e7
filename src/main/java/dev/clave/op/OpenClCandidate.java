package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One way to compute an operator with OpenCL. */
interface OpenClCandidate {
    /** Name, unique within the operator; the plain one is {@code reference} and never refuses. */
    String name();

    /** Why this candidate does not take the problem, null when it does. */
    @Nullable
    String refuses(Problem problem, OpenClDevice device);

    /** The launches of one run, in order. */
    List<Launch> launches(Problem problem, OpenClDevice device);

    /** Whether its kernels synchronise work-items; a device on which barriers do not hold is then refused. */
    default boolean usesBarriers() {
        return false;
    }
}
