package dev.clave.internal.rng;

/** Normal numbers from pairs of uniform ones (Box and Muller, "A note on the generation of random normal deviates", 1958). */
public final class BoxMuller {
    private BoxMuller() {}

    /** The upper 24 bits as a multiple of 2^-24 in [0, 1). */
    public static double uniform(int word) {
        return (word >>> 8) * 0x1p-24;
    }

    /** One number of a pair: radius from the first word, angle from the second; cosine, or sine for the second number. */
    public static double normal(int first, int second, boolean sine) {
        // Shifted by one step, so that the logarithm never sees 0.
        double radius = Math.sqrt(-2 * Math.log(uniform(first) + 0x1p-24));
        double angle = 2 * Math.PI * uniform(second);
        return radius * (sine ? Math.sin(angle) : Math.cos(angle));
    }
}
