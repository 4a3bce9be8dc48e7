package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Random numbers on the device from Philox4x32-10 (Salmon et al., SC 2011): the same on every device for the same seed
 * and stream. forward: to output [count], nothing to read.
 *
 * <p>Word w of block b is word w of the counter (b, 0, 0, stream) under the key (low, high word of the seed). UNIFORM:
 * element i is {@code t / 2^24}, t the upper 24 bits of word i % 4 of block i / 4; bit-equal on all devices. NORMAL
 * (Box and Muller, 1958): words 0 and 1 of a block make elements 4b and 4b + 1, words 2 and 3 make 4b + 2 and 4b + 3.
 * With t and s the upper 24 bits of a pair divided by 2^24, radius = sqrt(-2 ln(t + 2^-24)), the pair is radius * cos(2
 * pi s) and radius * sin(2 pi s). The largest magnitude is sqrt(48 ln 2), about 5.77. NORMAL is within 16 ULP of the
 * radius on every device, not bit-equal.
 *
 * @param count elements, at least 1
 * @param distribution uniform or normal
 * @param seed the key, any value
 * @param stream tells streams of one seed apart, any value
 */
public record Philox(int count, Distribution distribution, long seed, int stream) implements Geometry {
    /** How the numbers are distributed. */
    public enum Distribution {
        /** Multiples of 2^-24 in [0, 1). */
        UNIFORM,
        /** Mean 0, variance 1. */
        NORMAL
    }

    /** Checks sizes. */
    public Philox {
        Window.atLeast("philox: count", count, 1);
    }

    @Override
    public String operator() {
        return "philox";
    }

    @Override
    public List<String> directions() {
        return List.of("forward");
    }

    @Override
    public Problem problem(String direction, Format format) {
        if (!direction.equals("forward")) {
            throw Problem.unknown(this, direction);
        }
        return new Problem(this, direction, format, count, 1, Slot.out("output", format.real(), Shape.of(count)));
    }
}
