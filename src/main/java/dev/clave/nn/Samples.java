package dev.clave.nn;

import dev.clave.op.Format;

/** Sample-major values to and from the layout of a plan. */
final class Samples {
    /** Features of all samples of a block that are moved together, so that each cache line is written once. */
    private static final int TILE = 32;

    private Samples() {}

    /** Values [n][features] into the format's layout, several samples side by side; those that fill the last block stay. */
    static void block(float[] values, int n, int features, Format format, float[] moved) {
        int lanes = format.lanes();
        for (int first = 0; first < n; first += lanes) {
            for (int i = 0; i < features; i += TILE) {
                int end = Math.min(features, i + TILE);
                for (int s = first; s < Math.min(n, first + lanes); s++) {
                    int to = (first * features) + s - first;
                    for (int f = i; f < end; f++) {
                        moved[to + f * lanes] = values[s * features + f];
                    }
                }
            }
        }
    }

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
