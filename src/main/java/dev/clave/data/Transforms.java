package dev.clave.data;

import java.util.List;

/** Random changes of training images. Ranges are symmetric and uniform: {@code most} is the largest change either way. */
public final class Transforms {
    private static final double WIDEST_SIGMA = 64;

    private Transforms() {}

    /**
     * Does the transforms one after another; the pixels are resampled once, at the end.
     *
     * @param transforms what is done, in order
     * @return the transform
     */
    public static Transform compose(Transform... transforms) {
        List<Transform> parts = List.of(transforms);
        int margin = parts.stream().mapToInt(Transform::margin).sum();
        return new Widening(margin, warp -> parts.forEach(part -> part.apply(warp)));
    }

    /**
     * {@return what handwritten digits bear well: rotation by 8 degrees, scale by 8 %, shear by 6 degrees, shift by 1.5
     * pixels and elastic distortion with alpha 12, sigma 4} Chosen for LeNet on held-out training images of MNIST,
     * where larger affine changes without the distortion had a larger loss.
     */
    public static Transform augment() {
        return compose(rotate(8), scale(8), shear(6), shift(1.5), elastic(12, 4));
    }

    /**
     * Turns about the centre.
     *
     * @param most degrees, 0 to 180
     * @return the transform
     */
    public static Transform rotate(double most) {
        range("rotate: degrees", most, 180);
        return warp -> warp.rotate(warp.uniform(-most, most));
    }

    /**
     * Grows or shrinks about the centre, both axes alike.
     *
     * @param most percent, 0 to 90
     * @return the transform
     */
    public static Transform scale(double most) {
        range("scale: percent", most, 90);
        return warp -> warp.scale(1 + warp.uniform(-most, most) / 100);
    }

    /**
     * Slants: rows move sideways in proportion to their distance from the middle row.
     *
     * @param most degrees between a vertical line and its image, 0 to 60
     * @return the transform
     */
    public static Transform shear(double most) {
        range("shear: degrees", most, 60);
        return warp -> warp.shear(StrictMath.tan(StrictMath.toRadians(warp.uniform(-most, most))));
    }

    /**
     * Moves right or left and down or up, by parts of a pixel too.
     *
     * @param most pixels, 0 to 1000
     * @return the transform
     */
    public static Transform shift(double most) {
        range("shift: pixels", most, 1000);
        return warp -> warp.shift(warp.uniform(-most, most), warp.uniform(-most, most));
    }

    /**
     * {@return a transform: elastic distortion (Simard, Steinkraus and Platt, "Best practices for convolutional neural networks
     * applied to visual document analysis", ICDAR 2003): every pixel moves by alpha times uniform noise in (-1, 1)
     * smoothed by a Gaussian, per axis} Away from the border a displacement has a standard deviation of alpha / (sigma
     * sqrt(12 pi)) pixels. Simard's choice for 29x29 images is alpha 34, sigma 4. In a composition it is fastest as the
     * last part.
     *
     * @param alpha strength in pixels, 0 to 10,000
     * @param sigma width of the Gaussian in pixels, 0.5 to 64; cut at 3 sigma
     */
    public static Transform elastic(double alpha, double sigma) {
        range("elastic: alpha", alpha, 10_000);
        if (!(sigma >= 0.5 && sigma <= WIDEST_SIGMA)) {
            throw new IllegalArgumentException("elastic: sigma is 0.5 to " + WIDEST_SIGMA + " pixels, got " + sigma);
        }
        float[] gaussian = gaussian(sigma);
        return warp -> warp.distort(alpha, gaussian);
    }

    /** Half a Gaussian, centre first, with the sum 1 over the whole. */
    private static float[] gaussian(double sigma) {
        double[] half = new double[(int) Math.ceil(3 * sigma) + 1];
        double sum = 0;
        for (int i = 0; i < half.length; i++) {
            half[i] = StrictMath.exp(-0.5 * i * i / (sigma * sigma));
            sum += i == 0 ? half[i] : 2 * half[i];
        }
        float[] scaled = new float[half.length];
        for (int i = 0; i < half.length; i++) {
            scaled[i] = (float) (half[i] / sum);
        }
        return scaled;
    }

    /**
     * Adds background on all sides.
     *
     * @param pixels per side, 0 to 1000
     * @return the transform
     */
    public static Transform pad(int pixels) {
        range("pad: pixels", pixels, 1000);
        return new Widening(pixels, warp -> warp.pad(pixels));
    }

    /** A transform that adds a margin. */
    private static final class Widening implements Transform {
        private final int margin;
        private final Transform change;

        Widening(int margin, Transform change) {
            this.margin = margin;
            this.change = change;
        }

        @Override
        public void apply(Warp warp) {
            change.apply(warp);
        }

        @Override
        public int margin() {
            return margin;
        }
    }

    private static void range(String what, double value, double most) {
        if (!(value >= 0 && value <= most)) {
            throw new IllegalArgumentException(what + " is 0 to " + most + ", got " + value);
        }
    }
}
