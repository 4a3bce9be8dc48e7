package embedding;

/** What comes out. */
record Results(float[] output, float[] gradInput, float[] gradWeight, float[] gradBias) {
    /** Largest difference between two results. */
    double difference(Results other) {
        return Math.max(
                Math.max(difference(output, other.output), difference(gradInput, other.gradInput)),
                Math.max(difference(gradWeight, other.gradWeight), difference(gradBias, other.gradBias)));
    }

    private static double difference(float[] a, float[] b) {
        if (a.length != b.length) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            double one = Math.abs(a[i] - b[i]);
            largest = one <= largest ? largest : one; // a NaN counts
        }
        return largest;
    }
}
