package dev.clave.nn.callback;

import java.util.Map;

/** Watches a value of {@link Context#logs} and knows the best so far. */
public final class Monitor {
    /** What is better. */
    public enum Mode {
        /** More for names with {@code acc}, less for others. */
        AUTO,
        /** Less. */
        MIN,
        /** More. */
        MAX
    }

    private final String value;
    private final boolean more;
    private final double minDelta;
    private double best;

    /**
     * Watches.
     *
     * @param value name of the value looked at
     * @param mode which way is better
     * @param minDelta what a value must be better by, at least 0
     */
    public Monitor(String value, Mode mode, double minDelta) {
        if (!(minDelta >= 0)) {
            throw new IllegalArgumentException("monitor " + value + ": minDelta is at least 0, got " + minDelta);
        }
        this.value = value;
        this.more = mode == Mode.MAX
                || (mode == Mode.AUTO
                        && value.toLowerCase(java.util.Locale.ROOT).contains("acc"));
        this.minDelta = minDelta;
        this.best = more ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    /**
     * Starts from a value that has to be beaten.
     *
     * @param first the value to beat
     */
    public void baseline(double first) {
        best = first;
    }

    /**
     * {@return whether the value is there: an epoch without evaluation has none}
     *
     * @param logs values of the epoch by name
     * @throws IllegalArgumentException when nothing of the name will ever be there
     */
    public boolean isThere(Map<String, Double> logs) {
        if (logs.containsKey(value)) {
            return true;
        }
        if (value.startsWith("eval") && !logs.containsKey("evalLoss")) {
            return false;
        }
        throw new IllegalArgumentException("no value '" + value + "' to watch; there are " + logs.keySet());
    }

    /**
     * {@return whether the value is better than the best; it is the best then} NaN never is.
     *
     * @param logs values of the epoch by name
     */
    public boolean improves(Map<String, Double> logs) {
        if (!isThere(logs)) {
            return false;
        }
        double now = logs.getOrDefault(value, Double.NaN);
        boolean better = more ? now > best + minDelta : now < best - minDelta;
        if (better) {
            best = now;
        }
        return better;
    }

    /** {@return the best so far} */
    public double best() {
        return best;
    }

    void save(State state) {
        state.put("best", best);
    }

    void restore(State state) {
        best = state.number("best", best);
    }
}
