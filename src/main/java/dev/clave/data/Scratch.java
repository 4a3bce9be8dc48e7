package dev.clave.data;

import java.util.Arrays;

/** The displacement of every pixel of a {@link Warp}, in pixels, row by row, and what it takes to make it. */
final class Scratch {
    float[] x;
    float[] y;
    private float[] otherX;
    private float[] otherY;
    private final float[] raw;
    private float[] columns = new float[0];
    private float[] rows = new float[0];
    private float[] moved = new float[0];

    /** For grids of up to {@code most} pixels. */
    Scratch(int most) {
        this.x = new float[most];
        this.y = new float[most];
        this.otherX = new float[most];
        this.otherY = new float[most];
        this.raw = new float[most];
    }

    private void swap() {
        float[] held = x;
        x = otherX;
        otherX = held;
        held = y;
        y = otherY;
        otherY = held;
    }

    /**
     * Carries the displacements over to the grid of a new image whose point p is the present one G p + g: p + d'(p) must be
     * mapped to G p + g + d(G p + g), so d'(p) is d(G p + g) multiplied by the inverse of G.
     */
    void move(
            double a,
            double b,
            double c,
            double d,
            double gx,
            double gy,
            int height,
            int width,
            int newHeight,
            int newWidth) {
        double det = a * d - b * c;
        int at = 0;
        for (int row = 0; row < newHeight; row++) {
            double py = row - (newHeight - 1) / 2.0;
            for (int column = 0; column < newWidth; column++, at++) {
                double px = column - (newWidth - 1) / 2.0;
                float qx = (float) (a * px + b * py + gx + (width - 1) / 2.0);
                float qy = (float) (c * px + d * py + gy + (height - 1) / 2.0);
                float dx = sample(x, height, width, qx, qy);
                float dy = sample(y, height, width, qx, qy);
                otherX[at] = (float) ((d * dx - b * dy) / det);
                otherY[at] = (float) ((a * dy - c * dx) / det);
            }
        }
        swap();
    }

    /** Moves every pixel by smoothed noise, and then by the displacement of the place it came to. */
    void distort(Warp warp, float alpha, float[] filter, boolean displaced) {
        int height = warp.height();
        int width = warp.width();
        noise(warp, alpha, filter, otherX);
        noise(warp, alpha, filter, otherY);
        int at = 0;
        for (int row = 0; displaced && row < height; row++) {
            for (int column = 0; column < width; column++, at++) {
                float px = column + otherX[at];
                float py = row + otherY[at];
                otherX[at] += sample(x, height, width, px, py);
                otherY[at] += sample(y, height, width, px, py);
            }
        }
        swap();
    }

    /** Uniform noise through the filter, with zeros outside the image: first down the columns, then along the rows. */
    private void noise(Warp warp, float alpha, float[] filter, float[] out) {
        int height = warp.height();
        int width = warp.width();
        int total = height * width;
        int bits = 0;
        for (int i = 0; i < total; i++) {
            // Eight bits a pixel: smoothing adds hundreds of them up.
            bits = i % 4 == 0 ? warp.word() : bits >>> 8;
            raw[i] = ((bits & 255) - 127.5f) * (alpha / 128);
        }
        // Rows are laid out with a gap of zeros, so that one long loop filters all of them along the row.
        int stride = width + filter.length - 1;
        columns = cleared(columns, height * stride);
        rows = cleared(rows, height * stride);
        moved = cleared(moved, height * stride);
        Arrays.fill(out, 0, total, 0);
        for (int k = 1 - filter.length; k < filter.length; k++) {
            add(raw, out, filter[Math.abs(k)], k * width, total);
        }
        for (int row = 0; row < height; row++) {
            System.arraycopy(out, row * width, columns, row * stride, width);
        }
        for (int k = 1 - filter.length; k < filter.length; k++) {
            add(columns, rows, filter[Math.abs(k)], k, height * stride);
        }
        for (int row = 0; row < height; row++) {
            System.arraycopy(rows, row * stride, out, row * width, width);
        }
    }

    private static float[] cleared(float[] buffer, int size) {
        if (buffer.length < size) {
            return new float[size];
        }
        Arrays.fill(buffer, 0, size, 0);
        return buffer;
    }

    /** Adds {@code weight * in[i + shift]} to {@code out[i]} where both lie in [0, end). */
    private void add(float[] in, float[] out, float weight, int shift, int end) {
        int first = Math.max(0, -shift);
        int last = Math.min(end, end - shift);
        if (first >= last) {
            return;
        }
        // HotSpot makes vector code of this loop only when both arrays are read at the same index.
        float[] shifted = moved;
        System.arraycopy(in, first + shift, shifted, first, last - first);
        for (int i = first; i < last; i++) {
            out[i] += weight * shifted[i];
        }
    }

    /** Bilinear, 0 outside. */
    private static float sample(float[] values, int height, int width, float px, float py) {
        if (!(px > -1 && py > -1 && px < width && py < height)) {
            return 0;
        }
        int ix = (int) (px + 1) - 1;
        int iy = (int) (py + 1) - 1;
        float fx = px - ix;
        float fy = py - iy;
        float upper = at(values, height, width, ix, iy) * (1 - fx) + at(values, height, width, ix + 1, iy) * fx;
        float lower = at(values, height, width, ix, iy + 1) * (1 - fx) + at(values, height, width, ix + 1, iy + 1) * fx;
        return upper + fy * (lower - upper);
    }

    private static float at(float[] values, int height, int width, int column, int row) {
        boolean inside = column >= 0 && row >= 0 && column < width && row < height;
        return inside ? values[row * width + column] : 0;
    }
}
