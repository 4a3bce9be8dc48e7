package dev.clave.data;

import dev.clave.internal.rng.Philox;
import org.jspecify.annotations.Nullable;

/**
 * Where the pixels of one image come from, and the random numbers of that image: what a {@link Transform} works on. Points
 * count from the centre of the image, x to the right, y down. Whatever is called, pixels are resampled once, at the end.
 *
 * <p>An output point p comes from the input point A (p + d(p)) + t: A and t gather everything affine, d is a displacement
 * per pixel. Only {@link Augmenter} makes warps; they hold scratch memory and belong to one thread.
 */
public final class Warp {
    /** Fourth counter word: no layer, stream or built-in digit uses it, so that nothing else draws the same numbers. */
    private static final int STREAM = 0x57415250;

    private final int startHeight;
    private final int startWidth;
    private final int[] words = new int[4];
    private long seed;
    private int epoch;
    private int sample;
    private int block;
    private int nextWord;

    private int height;
    private int width;
    private double xx;
    private double xy;
    private double yx;
    private double yy;
    private double tx;
    private double ty;
    private boolean displaced;
    /** Largest grid. */
    private final int most;

    private @Nullable Scratch scratch;

    /** For images of the given size, with a border of up to {@code margin} pixels a side. */
    Warp(int height, int width, int margin) {
        this.startHeight = height;
        this.startWidth = width;
        this.most = Math.multiplyExact(height + 2 * margin, width + 2 * margin);
    }

    /** Starts an image: nothing moves yet. */
    void begin(long newSeed, int newEpoch, int newSample) {
        seed = newSeed;
        epoch = newEpoch;
        sample = newSample;
        block = 0;
        nextWord = 4;
        height = startHeight;
        width = startWidth;
        xx = 1;
        yy = 1;
        xy = 0;
        yx = 0;
        tx = 0;
        ty = 0;
        displaced = false;
    }

    int word() {
        if (nextWord == 4) {
            Philox.block((int) seed, (int) (seed >>> 32), block++, sample, epoch, STREAM, words);
            nextWord = 0;
        }
        return words[nextWord++];
    }

    /**
     * A number of this image in [low, high), the next one of its stream.
     *
     * @param low smallest
     * @param high first that is too large
     * @return the number
     */
    public double uniform(double low, double high) {
        return low + (high - low) * ((word() >>> 8) * 0x1p-24);
    }

    /** {@return rows of the image as it is now} */
    public int height() {
        return height;
    }

    /** {@return columns of the image as it is now} */
    public int width() {
        return width;
    }

    /**
     * Turns clockwise by some degrees.
     *
     * @param degrees against the clock
     */
    public void rotate(double degrees) {
        double angle = StrictMath.toRadians(finite("rotate", degrees));
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        linear(cos, sin, -sin, cos);
    }

    /**
     * Grows by a factor above 0.
     *
     * @param factor above 0 for a scale; columns for each row for a shear
     */
    public void scale(double factor) {
        if (!(factor > 1e-6 && factor < 1e6)) {
            throw new IllegalArgumentException("scale: the factor is between 1e-6 and 1e6, got " + factor);
        }
        linear(1 / factor, 0, 0, 1 / factor);
    }

    /**
     * Slants: a point at y moves right by {@code factor * y}.
     *
     * @param factor above 0 for a scale; columns for each row for a shear
     */
    public void shear(double factor) {
        linear(1, -finite("shear", factor), 0, 1);
    }

    /**
     * Moves right and down by some pixels.
     *
     * @param right pixels to the right
     * @param down pixels down
     */
    public void shift(double right, double down) {
        finite("shift", right);
        finite("shift", down);
        if (displaced) {
            move(1, 0, 0, 1, -right, -down, height, width);
        }
        tx -= xx * right + xy * down;
        ty -= yx * right + yy * down;
    }

    /** Adds background on all sides. */
    void pad(int pixels) {
        if ((height + 2L * pixels) * (width + 2L * pixels) > most) {
            throw new IllegalStateException(
                    "pad: the transform that pads by " + pixels + " does not say so in margin()");
        }
        if (displaced) {
            move(1, 0, 0, 1, 0, 0, height + 2 * pixels, width + 2 * pixels);
        }
        height += 2 * pixels;
        width += 2 * pixels;
    }

    private static double finite(String what, double value) {
        if (!(Math.abs(value) < 1e6)) {
            throw new IllegalArgumentException(what + ": a finite amount below 1e6 is expected, got " + value);
        }
        return value;
    }

    /** Prepends the map from new points to present ones; it has an inverse. */
    private void linear(double a, double b, double c, double d) {
        if (displaced) {
            move(a, b, c, d, 0, 0, height, width);
        }
        double oldXx = xx;
        double oldYx = yx;
        xx = oldXx * a + xy * c;
        xy = oldXx * b + xy * d;
        yx = oldYx * a + yy * c;
        yy = oldYx * b + yy * d;
    }

    /** Memory for displacements, made when the first one is asked for. */
    private Scratch scratch() {
        Scratch made = scratch;
        if (made == null) {
            made = new Scratch(most);
            scratch = made;
        }
        return made;
    }

    private void move(double a, double b, double c, double d, double gx, double gy, int newHeight, int newWidth) {
        scratch().move(a, b, c, d, gx, gy, height, width, newHeight, newWidth);
    }

    /** Moves every pixel by alpha times noise smoothed by a symmetric filter (half of it given, centre first). */
    void distort(double alpha, float[] filter) {
        scratch().distort(this, (float) alpha, filter, displaced);
        displaced = true;
    }

    /**
     * Resamples bilinearly; background is 0.
     *
     * @param source the image with a border of zeros: one row above, two below, one column left, two right
     */
    void resample(float[] source, byte[] out, int offset) {
        int stride = startWidth + 3;
        // One is added so that the integer part of a clamped position is a plain cast, and an index into the border.
        float baseX = (float) (tx + (startWidth - 1) / 2.0 + 1);
        float baseY = (float) (ty + (startHeight - 1) / 2.0 + 1);
        float mxx = (float) xx;
        float mxy = (float) xy;
        float myx = (float) yx;
        float myy = (float) yy;
        float mostX = startWidth + 1;
        float mostY = startHeight + 1;
        float left = (width - 1) / 2f;
        float[] dx = displaced ? scratch().x : source;
        float[] dy = displaced ? scratch().y : source;
        int at = 0;
        for (int row = 0; row < height; row++) {
            float rowY = row - (height - 1) / 2f;
            for (int column = 0; column < width; column++, at++) {
                float px = column - left;
                float py = rowY;
                if (displaced) {
                    px += dx[at];
                    py += dy[at];
                }
                float sx = Math.max(0, Math.min(mostX, mxx * px + mxy * py + baseX));
                float sy = Math.max(0, Math.min(mostY, myx * px + myy * py + baseY));
                int ix = (int) sx;
                int iy = (int) sy;
                float fx = sx - ix;
                float fy = sy - iy;
                int from = iy * stride + ix;
                float upper = source[from] + fx * (source[from + 1] - source[from]);
                float lower = source[from + stride] + fx * (source[from + stride + 1] - source[from + stride]);
                out[offset + at] = (byte) (int) (upper + fy * (lower - upper) + 0.5f);
            }
        }
    }
}
