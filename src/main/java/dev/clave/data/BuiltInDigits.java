package dev.clave.data;

import dev.clave.internal.rng.Philox;

/**
 * Procedurally drawn 28x28 digits: strokes with jittered points, a random affine map, a slow elastic wave, thickness and
 * noise. A sample depends on the seed and its index only, and has the same pixels on every machine.
 */
public final class BuiltInDigits {
    private static final int SIDE = 28;
    private static final double TURN = 2 * StrictMath.PI;

    private BuiltInDigits() {}

    /**
     * Draws digits; sample i shows the digit i % 10.
     *
     * @param count number of images, at least 1
     * @param seed decides the strokes
     * @return the images
     */
    public static ImageDataset generate(int count, long seed) {
        if (count < 1) {
            throw new IllegalArgumentException("built-in digits: count is at least 1, got " + count);
        }
        byte[] pixels = new byte[Math.multiplyExact(count, SIDE * SIDE)];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 10;
            draw(strokes(labels[i]), new Philox(seed, i), pixels, i * SIDE * SIDE);
        }
        return new ImageDataset("built-in digits", SIDE, SIDE, 10, pixels, labels);
    }

    /** Strokes in the unit square, y down: each is x, y, x, y, ... */
    private static double[][] strokes(int digit) {
        return switch (digit) {
            case 0 -> new double[][] {arc(0.5, 0.5, 0.26, 0.4, 0, 1)};
            case 1 -> new double[][] {{0.34, 0.27, 0.53, 0.1, 0.53, 0.9}};
            case 2 -> new double[][] {join(arc(0.5, 0.32, 0.24, 0.22, 0.5, 1.08), 0.24, 0.88, 0.78, 0.88)};
            case 3 -> new double[][] {arc(0.47, 0.3, 0.22, 0.2, 0.55, 1.25), arc(0.47, 0.7, 0.26, 0.21, 0.75, 1.45)};
            case 4 -> new double[][] {{0.58, 0.1, 0.22, 0.6, 0.8, 0.6}, {0.63, 0.38, 0.62, 0.92}};
            case 5 ->
                new double[][] {
                    join(new double[] {0.74, 0.11, 0.34, 0.11, 0.3, 0.46}, arc(0.47, 0.66, 0.26, 0.23, 0.65, 1.42))
                };
            case 6 -> new double[][] {{0.64, 0.1, 0.42, 0.3, 0.3, 0.52, 0.27, 0.7}, arc(0.5, 0.7, 0.23, 0.2, 0, 1)};
            case 7 -> new double[][] {{0.22, 0.13, 0.78, 0.13, 0.56, 0.5, 0.44, 0.92}};
            case 8 -> new double[][] {arc(0.5, 0.29, 0.19, 0.19, 0, 1), arc(0.5, 0.7, 0.24, 0.21, 0, 1)};
            default -> new double[][] {arc(0.49, 0.32, 0.22, 0.21, 0, 1), {0.71, 0.32, 0.68, 0.6, 0.6, 0.92}};
        };
    }

    /** Part of an ellipse, clockwise from 3 o'clock, in turns. */
    private static double[] arc(double x, double y, double rx, double ry, double from, double to) {
        int count = 11;
        double[] points = new double[2 * count];
        for (int i = 0; i < count; i++) {
            double angle = TURN * (from + (to - from) * i / (count - 1));
            points[2 * i] = x + rx * StrictMath.cos(angle);
            points[2 * i + 1] = y + ry * StrictMath.sin(angle);
        }
        return points;
    }

    private static double[] join(double[] first, double... second) {
        double[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static double between(Philox random, double low, double high) {
        return low + (high - low) * random.nextFloat();
    }

    private static void draw(double[][] strokes, Philox random, byte[] pixels, int offset) {
        double angle = between(random, -0.3, 0.3);
        double slant = between(random, -0.3, 0.25);
        double width = between(random, 14, 21);
        double height = between(random, 17, 22);
        double dx = between(random, -2, 2) + 13.5;
        double dy = between(random, -2, 2) + 13.5;
        double half = between(random, 0.7, 1.7);
        double ink = between(random, 190, 255);
        double waveX = between(random, 0, 0.05);
        double waveY = between(random, 0, 0.05);
        double phaseX = between(random, 0, TURN);
        double phaseY = between(random, 0, TURN);
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        for (double[] stroke : strokes) {
            for (int i = 0; i < stroke.length; i += 2) {
                double u = stroke[i] - 0.5 + between(random, -0.025, 0.025);
                double v = stroke[i + 1] - 0.5 + between(random, -0.025, 0.025);
                double x = (u + waveX * StrictMath.sin(TURN * v + phaseX) - slant * v) * width;
                double y = (v + waveY * StrictMath.sin(TURN * u + phaseY)) * height;
                stroke[i] = cos * x - sin * y + dx;
                stroke[i + 1] = sin * x + cos * y + dy;
            }
        }
        for (int i = 0; i < SIDE * SIDE; i++) {
            double nearest = Double.MAX_VALUE;
            int row = i / SIDE;
            for (double[] stroke : strokes) {
                for (int p = 0; p + 3 < stroke.length; p += 2) {
                    nearest = Math.min(nearest, distance(i % SIDE, row, stroke, p));
                }
            }
            double covered = Math.max(0, Math.min(1, half + 0.5 - Math.sqrt(nearest)));
            double value = covered * ink + (covered > 0 ? between(random, -14, 14) : 0);
            pixels[offset + i] = (byte) (int) Math.max(0, Math.min(255, value));
        }
    }

    /** Squared distance of a point to the segment that starts at entry p. */
    private static double distance(double x, double y, double[] s, int p) {
        double ax = s[p + 2] - s[p];
        double ay = s[p + 3] - s[p + 1];
        double t = ((x - s[p]) * ax + (y - s[p + 1]) * ay) / Math.max(1e-12, ax * ax + ay * ay);
        t = Math.max(0, Math.min(1, t));
        double ex = s[p] + t * ax - x;
        double ey = s[p + 1] + t * ay - y;
        return ex * ex + ey * ey;
    }
}
