package dev.clave.nn;

import dev.clave.nn.callback.State;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Share of samples whose label is among the k best classes; of equal scores the lower class is better. The name is
 * {@code acc} for k = 1 alone, else {@code acc_top1}, {@code acc_top5} and so on.
 */
public final class Accuracy implements Metric {
    private final int[] top;
    private final long[] right;
    private long samples;

    /** Of the best class. */
    public Accuracy() {
        this(1);
    }

    /**
     * Of the k best classes, for several k.
     *
     * @param top numbers k of the best k that count
     */
    public Accuracy(int... top) {
        if (top.length == 0 || Arrays.stream(top).anyMatch(k -> k < 1)) {
            throw new IllegalArgumentException("accuracy: every k is at least 1, got " + Arrays.toString(top));
        }
        this.top = top.clone();
        this.right = new long[top.length];
    }

    /** Whether hits counted on the device are enough. */
    boolean bestOnly() {
        return top.length == 1 && top[0] == 1;
    }

    @Override
    public void reset() {
        Arrays.fill(right, 0);
        samples = 0;
    }

    @Override
    public void update(float[][] scores, int[] labels) {
        for (int n = 0; n < labels.length; n++) {
            int before = better(scores[n], labels[n]);
            for (int i = 0; i < top.length; i++) {
                right[i] += before < top[i] ? 1 : 0;
            }
        }
        samples += labels.length;
    }

    /** Number of classes ranked before the label; NaN ranks before every number. */
    private static int better(float[] scores, int label) {
        int count = 0;
        for (int c = 0; c < scores.length; c++) {
            int order = Float.compare(scores[c] + 0f, scores[label] + 0f);
            count += order > 0 || (order == 0 && c < label) ? 1 : 0;
        }
        return count;
    }

    /** Hits counted elsewhere. */
    void set(long hits, long of) {
        right[0] = hits;
        samples = of;
    }

    @Override
    public Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        for (int i = 0; i < top.length; i++) {
            values.put(bestOnly() ? "acc" : "acc_top" + top[i], (double) right[i] / samples);
        }
        return values;
    }

    @Override
    public void save(State state) {
        state.put("samples", Long.toString(samples));
        for (int i = 0; i < top.length; i++) {
            state.put("right" + i, Long.toString(right[i]));
        }
    }

    @Override
    public void restore(State state) {
        samples = (long) state.number("samples", 0);
        for (int i = 0; i < top.length; i++) {
            right[i] = (long) state.number("right" + i, 0);
        }
    }
}
