package dev.clave.nn;

import dev.clave.op.Format;

/** Sample-major values to and from the layout of a plan. */
final class Samples {
    private Samples() {}

    /** The first n samples, [n][features]. */
    static float[][] plain(float[] values, int n, int features, Format format) {
        int lanes = format.lanes();
        float[][] moved = new float[n][features];
        for (int s = 0; s < n; s++) {
            int from = s / lanes * features * lanes + s % lanes;
            for (int i = 0; i < features; i++) {
                moved[s][i] = values[from + i * lanes];
            }
        }
        return moved;
    }

    static int[] identity(int count) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = i;
        }
        return values;
    }
}
