package dev.clave.nn.callback;

import java.util.Map;

/**
 * Multiplies the learning rate when a watched value no longer improves. It multiplies whatever a schedule says, so that the
 * two compose.
 */
public final class ReduceOnPlateau implements Callback {
    private final Monitor monitor;
    private final double factor;
    private final int patience;
    private final double least;
    private int waited;

    /**
     * Watches a value of the epoch such as {@code evalLoss}.
     *
     * @param value name of the value looked at
     * @param mode which way is better
     * @param factor of a reduction, in (0, 1)
     * @param patience looks in a row without improvement before a reduction, at least 1
     * @param minDelta what counts as improvement
     * @param least learning rate below which nothing is reduced
     */
    public ReduceOnPlateau(
            String value, Monitor.Mode mode, double factor, int patience, double minDelta, double least) {
        if (!(factor > 0 && factor < 1) || patience < 1 || !(least >= 0)) {
            throw new IllegalArgumentException("reduce on plateau: factor in (0, 1), patience at least 1 and least rate"
                    + " at least 0, got " + factor + ", " + patience + " and " + least);
        }
        this.monitor = new Monitor(value, mode, minDelta);
        this.factor = factor;
        this.patience = patience;
        this.least = least;
    }

    @Override
    public void epochEnd(Context context) {
        Map<String, Double> logs = context.logs();
        if (!monitor.isThere(logs)) {
            return;
        }
        waited = monitor.improves(logs) ? 0 : waited + 1;
        if (waited >= patience) {
            waited = 0;
            if (context.learningRate() * factor >= least) {
                context.scaleLearningRate(factor);
            }
        }
    }

    @Override
    public void save(State state) {
        monitor.save(state);
        state.put("waited", Integer.toString(waited));
    }

    @Override
    public void restore(State state) {
        monitor.restore(state);
        waited = (int) state.number("waited", 0);
    }
}
