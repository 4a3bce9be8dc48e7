package dev.clave.nn.callback;

import dev.clave.nn.Model;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Ends training when a watched value no longer improves: after {@code patience} looks in a row without improvement. Patience
 * 0 and 1 both stop at the first look that is no improvement, and never at one that is. An epoch that was not evaluated is
 * no look when an evaluation's value is watched.
 */
public final class EarlyStopping implements Callback {
    private final Monitor monitor;
    private final int patience;
    private final boolean restoreBest;
    private final Map<String, float[]> best = new LinkedHashMap<>();
    private int bestEpoch = -1;
    private int waited;
    private int stoppedEpoch = -1;

    /**
     * Watches {@code evalAcc}, or another value of the epoch.
     *
     * @param value name of the value looked at, or the one to beat
     * @param mode which way is better
     * @param patience looks without improvement, at least 0
     * @param minDelta what counts as improvement
     * @param restoreBest whether training ends with the weights of the best epoch
     */
    public EarlyStopping(String value, Monitor.Mode mode, int patience, double minDelta, boolean restoreBest) {
        if (patience < 0) {
            throw new IllegalArgumentException("early stopping: patience is at least 0, got " + patience);
        }
        this.monitor = new Monitor(value, mode, minDelta);
        this.patience = patience;
        this.restoreBest = restoreBest;
    }

    /**
     * A value the first look must beat already.
     *
     * @param value name of the value looked at, or the one to beat
     * @return this
     */
    public EarlyStopping baseline(double value) {
        monitor.baseline(value);
        return this;
    }

    /** {@return epoch, from 0, after which training ended; -1 when it was not this that ended it} */
    public int stoppedEpoch() {
        return stoppedEpoch;
    }

    /** {@return best value so far} */
    public double best() {
        return monitor.best();
    }

    /** {@return epoch, from 0, of the best value; -1 before there is one} */
    public int bestEpoch() {
        return bestEpoch;
    }

    @Override
    public void epochEnd(Context context) {
        Map<String, Double> logs = context.logs();
        if (!monitor.isThere(logs)) {
            return;
        }
        if (monitor.improves(logs)) {
            waited = 0;
            bestEpoch = context.epoch();
            if (restoreBest) {
                Model model = context.model();
                model.parameters().keySet().forEach(name -> best.put(name, model.values(name)));
            }
            return;
        }
        waited++;
        if (waited >= patience) {
            stoppedEpoch = context.epoch();
            context.stop();
        }
    }

    @Override
    public void trainEnd(Context context) {
        if (!context.interrupted() && !best.isEmpty()) {
            best.forEach((name, values) -> context.model().values(name, values));
            context.putBack(bestEpoch);
        }
    }

    @Override
    public void save(State state) {
        monitor.save(state);
        state.put("waited", Integer.toString(waited));
        state.put("bestEpoch", Integer.toString(bestEpoch));
        best.forEach((name, values) -> state.put("weights:" + name.replace('.', '/'), values));
    }

    @Override
    public void restore(State state) {
        monitor.restore(state);
        waited = (int) state.number("waited", 0);
        bestEpoch = (int) state.number("bestEpoch", -1);
        best.clear();
        state.floats()
                .forEach((key, values) ->
                        best.put(key.substring("weights:".length()).replace('/', '.'), values));
    }
}
