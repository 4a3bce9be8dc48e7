package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One way to compute an operator with OpenCL. Immutable.
 *
 * <p>A candidate with settings to tune, such as its tile, overrides {@link #space} and {@link #with}; {@link #refuses} then says
 * which setting is out of its range by name, and {@link #launches} takes a setting that is not given from the candidate's own
 * model. {@link Settings} helps. Settings are named like the kernel's macros.
 */
interface OpenClCandidate {
    /** Name, unique within the operator; the plain one is {@code reference} and never refuses. */
    String name();

    /** Why this candidate cannot take the problem, null when it can. */
    @Nullable
    String refuses(Problem problem, OpenClDevice device);

    /**
     * Why a problem that this can take is left to others, null when it is not: what its model thinks does not pay. A model may
     * err, so the tuner tries it all the same and a measurement overrules it.
     */
    default @Nullable String doubts(Problem problem, OpenClDevice device) {
        return null;
    }

    /** Why this does not take the problem unless it was measured: it cannot, or doubts that it pays; else null. */
    default @Nullable String declines(Problem problem, OpenClDevice device) {
        String reason = refuses(problem, device);
        return reason == null ? doubts(problem, device) : reason;
    }

    /** The launches of one run, in order. */
    List<Launch> launches(Problem problem, OpenClDevice device);

    /** Whether its kernels may fail to build where those of others do not, so that they are built before it is chosen. */
    default boolean mayFail() {
        return false;
    }

    /** Whether its kernels synchronise work-items; a device on which barriers do not hold is then refused. */
    default boolean usesBarriers() {
        return false;
    }

    /**
     * Settings worth trying on a problem that this can take, its own choice first, then by its model, the cheapest first. Empty
     * settings stand for a candidate that has none.
     */
    default List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        return List.of(Map.of());
    }

    /**
     * This candidate with settings in place of those that its model chooses.
     *
     * @throws IllegalArgumentException when it has no setting of a name; values are for {@link #refuses} to judge
     */
    default OpenClCandidate with(Map<String, Integer> parameters) {
        Settings.of(name(), parameters);
        return this;
    }

    /** Where its settings come from when that is not its model, for people: {@code tuned, MT 6, NT 4}, else empty. */
    default String note() {
        return "";
    }
}
