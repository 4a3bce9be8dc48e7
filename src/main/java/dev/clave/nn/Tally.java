package dev.clave.nn;

/** Loss and hit of every sample of a pass, on the host, in the order of the pass, as far as they are known. */
final class Tally {
    private final float[] losses;
    private final int[] hits;
    private int known;
    private double sum;
    private long right;
    private int lastBatch;

    Tally(int samples) {
        losses = new float[samples];
        hits = new int[samples];
    }

    /** A batch; rows of the arrays beyond count are padding. */
    void add(float[] loss, int[] hit, int from, int count) {
        for (int i = 0; i < count; i++) {
            losses[known] = loss[from + i];
            hits[known] = hit[from + i];
            sum += losses[known];
            right += hits[known];
            known++;
        }
        lastBatch = count;
    }

    int known() {
        return known;
    }

    /** Mean over samples; NaN when there are none. */
    double loss() {
        return sum / known;
    }

    /** Mean of the last batch. */
    double lastLoss() {
        double mean = 0;
        for (int i = known - lastBatch; i < known; i++) {
            mean += losses[i] / lastBatch;
        }
        return lastBatch == 0 ? Double.NaN : mean;
    }

    /** Mean of every batch of the given size; the last may be smaller. */
    double[] batchLosses(int batch) {
        double[] means = new double[(known + batch - 1) / batch];
        for (int i = 0; i < known; i++) {
            int before = i / batch * batch;
            means[i / batch] += (double) losses[i] / Math.min(batch, known - before);
        }
        return means;
    }

    long right() {
        return right;
    }

    float[] losses() {
        return java.util.Arrays.copyOf(losses, known);
    }

    float[] hits() {
        float[] values = new float[known];
        for (int i = 0; i < known; i++) {
            values[i] = hits[i];
        }
        return values;
    }
}
