package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * A function of each element that has parameters and no gradient here. forward: input to output, both [N,features]. NaN
 * passes through.
 *
 * @param kind which function
 * @param n samples, at least 0
 * @param features elements per sample, at least 1
 * @param p first parameter; see {@link Kind}
 * @param q second parameter
 */
public record Elementwise(Kind kind, int n, int features, double p, double q) implements Geometry {
    /** Which function. */
    public enum Kind {
        /** x, or p * (exp(x) - 1) below 0. */
        ELU,
        /** log(1 + exp(x)), computed as max(x, 0) + log1p(exp(-|x|)). */
        SOFTPLUS,
        /** At least p, then at most q. */
        CLIP,
        /** p * x + q. */
        AFFINE
    }

    /** Checks ranges. */
    public Elementwise {
        Window.atLeast("elementwise: N", n, 0);
        Window.atLeast("elementwise: features", features, 1);
        if (Double.isNaN(p) || Double.isNaN(q)) {
            throw new IllegalArgumentException("elementwise: parameters are numbers, got " + p + " and " + q);
        }
    }

    @Override
    public String operator() {
        return "elementwise";
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
        Shape shape = format.samples(n, features);
        return new Problem(
                this,
                direction,
                format,
                (double) n * features,
                2,
                Slot.in("input", format.real(), shape),
                Slot.out("output", format.real(), shape));
    }
}
