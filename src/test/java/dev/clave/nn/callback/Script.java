package dev.clave.nn.callback;

import dev.clave.nn.BatchSource;
import dev.clave.nn.Model;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A context whose values a test sets. */
final class Script implements Context {
    private final Model model;
    int epoch;
    double rate = 1;
    boolean stopped;
    boolean interrupted;
    int putBack = -1;
    Map<String, Double> logs = Map.of();

    Script(Model model) {
        this.model = model;
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Phase phase() {
        return Phase.TRAIN;
    }

    @Override
    public int epoch() {
        return epoch;
    }

    @Override
    public int epochs() {
        return 100;
    }

    @Override
    public int step() {
        return 1;
    }

    @Override
    public int steps() {
        return 1;
    }

    @Override
    public int samples() {
        return 1;
    }

    @Override
    public long totalSteps() {
        return epoch;
    }

    @Override
    public double learningRate() {
        return rate;
    }

    @Override
    public Map<String, Double> logs() {
        return logs;
    }

    @Override
    public Map<String, Double> values() {
        return logs;
    }

    @Override
    public double[] batchLosses() {
        return new double[0];
    }

    @Override
    public @Nullable BatchSource evalData() {
        return null;
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public boolean stopping() {
        return stopped;
    }

    @Override
    public boolean interrupted() {
        return interrupted;
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
        rate *= factor;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of();
    }
}
