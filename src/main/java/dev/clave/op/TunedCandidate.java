package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A candidate with settings that were measured; it goes by the candidate's name, and has no doubts.
 *
 * @param settings empty when the candidate has none and only its place in the order was measured
 * @param isShipped whether they come with the kernels
 */
record TunedCandidate(OpenClCandidate candidate, Map<String, Integer> settings, boolean isShipped)
        implements OpenClCandidate {
    /** Sets what was measured here. */
    static TunedCandidate of(OpenClCandidate candidate, Map<String, Integer> settings) {
        return new TunedCandidate(candidate.with(settings), settings, false);
    }

    @Override
    public String name() {
        return candidate.name();
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        return candidate.refuses(problem, device);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        return candidate.launches(problem, device);
    }

    @Override
    public boolean usesBarriers() {
        return candidate.usesBarriers();
    }

    @Override
    public boolean mayFail() {
        return !isShipped;
    }

    @Override
    public String note() {
        return settings.isEmpty() ? "tuned" : "tuned, " + Settings.text(settings);
    }
}
