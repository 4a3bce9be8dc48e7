package dev.clave.nn;

import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The context of one fit, evaluation or prediction: what the loops set, callbacks read. */
final class RunContext implements Context {
    private final Model model;
    private final List<Callback> callbacks;
    private final Cursor cursor;
    private final Map<String, String> settings;
    int epoch;
    int epochs = 1;
    Phase phase = Phase.TRAIN;
    int step;
    int steps;
    int samples;
    boolean stopping;
    private int putBack = -1;
    Supplier<Map<String, Double>> values = Map::of;
    Map<String, Double> extra = Map.of();
    Supplier<double[]> batchLosses = () -> new double[0];

    @Nullable
    BatchSource evalData;

    RunContext(Model model, List<Callback> callbacks, Cursor cursor, Map<String, String> settings) {
        this.model = model;
        this.callbacks = callbacks;
        this.cursor = cursor;
        this.settings = settings;
    }

    /** Calls every callback; twice a step, so without an iterator. */
    void call(BiConsumer<Callback, Context> event) {
        for (int i = 0; i < callbacks.size(); i++) {
            event.accept(callbacks.get(i), this);
        }
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Phase phase() {
        return phase;
    }

    @Override
    public int epoch() {
        return epoch;
    }

    @Override
    public int epochs() {
        return epochs;
    }

    @Override
    public int step() {
        return step;
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public int samples() {
        return samples;
    }

    @Override
    public long totalSteps() {
        return cursor.batches;
    }

    @Override
    public double learningRate() {
        return cursor.rate;
    }

    @Override
    public Map<String, Double> logs() {
        Map<String, Double> all = new LinkedHashMap<>(values.get());
        all.putAll(extra);
        return all;
    }

    @Override
    public Map<String, Double> values() {
        Map<String, Double> shown = new LinkedHashMap<>(values.get());
        shown.remove("lastLoss");
        return shown;
    }

    @Override
    public double[] batchLosses() {
        return batchLosses.get();
    }

    @Override
    public @Nullable BatchSource evalData() {
        return evalData;
    }

    @Override
    public void stop() {
        stopping = true;
    }

    @Override
    public boolean stopping() {
        return stopping || model.isInterrupted();
    }

    @Override
    public boolean interrupted() {
        return model.isInterrupted();
    }

    @Override
    public int weightsEpoch() {
        return putBack < 0 ? epoch : putBack;
    }

    @Override
    public void putBack(int newEpoch) {
        putBack = newEpoch;
    }

    @Override
    public void scaleLearningRate(double factor) {
        if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("learning rate: the factor is finite and above 0, got " + factor);
        }
        cursor.rateScale *= factor;
    }

    @Override
    public Map<String, String> settings() {
        return settings;
    }
}
