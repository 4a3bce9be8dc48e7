package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Dropout (Srivastava et al., 2014): an element is kept with probability 1 - p and scaled by 1 / (1 - p). forward:
 * input to output; backwardInput: gradOutput to gradInput with the same mask, recomputed. The mask is a pure function
 * of seed, layer, the scalars {@code step} and {@code first_sample}, and the feature's index in NCHW order.
 *
 * @param n samples, at least 0
 * @param features elements per sample, at least 1
 * @param p share of zeroed elements, in [0, 1]
 * @param seed of the run, any value
 * @param layer tells the layers of one seed apart, any value
 */
public record Dropout(int n, int features, double p, long seed, int layer) implements Geometry {
    /** Checks ranges. */
    public Dropout {
        Window.atLeast("dropout: N", n, 0);
        Window.atLeast("dropout: features", features, 1);
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("dropout: p lies in [0, 1], got " + p);
        }
    }

    /** Elements whose u32 is at least this are kept. */
    long threshold() {
        return Math.round(p * 0x1p32);
    }

    /** Factor of kept elements, a single-precision number on every device. */
    double scale() {
        return p < 1 ? (float) (1 / (1 - p)) : 0;
    }

    @Override
    public String operator() {
        return "dropout";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape shape = format.samples(n, features);
        boolean forward = direction.equals("forward");
        if (!forward && !direction.equals("backwardInput")) {
            throw Problem.unknown(this, direction);
        }
        return new Problem(
                this,
                direction,
                format,
                List.of(
                        Slot.in(forward ? "input" : "gradOutput", format.real(), shape),
                        Slot.out(forward ? "output" : "gradInput", format.real(), shape)),
                List.of("step", "first_sample"),
                (double) n * features,
                1);
    }
}
