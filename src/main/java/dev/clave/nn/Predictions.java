package dev.clave.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Remembers what an evaluation predicted, sample by sample, for whoever shows it: a confusion matrix, a page of mistakes. It
 * has no value of its own and does not look at training.
 */
public final class Predictions implements Metric {
    private final List<Sample> samples = new ArrayList<>();

    /**
     * A sample of the last evaluation, in the order of the data.
     *
     * @param label what it is
     * @param prediction class with the highest score, the first of equal ones
     * @param probability of the prediction, by softmax
     */
    public record Sample(int label, int prediction, double probability) {}

    /** Nothing seen yet. */
    public Predictions() {}

    /** {@return the samples of the last evaluation} */
    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    @Override
    public void reset() {
        samples.clear();
    }

    @Override
    public void update(float[][] scores, int[] labels) {
        for (int n = 0; n < labels.length; n++) {
            int best = 0;
            for (int c = 1; c < scores[n].length; c++) {
                best = scores[n][c] > scores[n][best] ? c : best;
            }
            double sum = 0;
            for (float score : scores[n]) {
                sum += Math.exp((double) score - scores[n][best]);
            }
            samples.add(new Sample(labels[n], best, 1 / sum));
        }
    }

    @Override
    public Map<String, Double> values() {
        return Map.of();
    }

    @Override
    public boolean inTraining() {
        return false;
    }
}
