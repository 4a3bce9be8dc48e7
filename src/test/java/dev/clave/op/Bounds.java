package dev.clave.op;

import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The largest error each element may have, from theory: sums by gamma_K * S, functions by the ULP they are allowed, nothing
 * tuned by hand. u is the unit roundoff of single precision; an ULP is at most 2 u of the value. One u is for the
 * reference, which is rounded to single precision too, and inputs of a backward pass that are rounded outputs count.
 */
final class Bounds {
    static final double U = 0x1p-24;
    private static final double ULP = 2 * U;

    private Bounds() {}

    static double gamma(int k) {
        return k * U / (1 - k * U);
    }

    /** Bound of each element of what a candidate computes: transforms have their own. */
    static IntToDoubleFunction of(TestDevices.Place place, OpCase op, String slot, double[] expected) {
        return switch (place.candidate()) {
            case "winograd" -> WinogradBound.of(op, expected);
            case "winograd1d" -> Winograd1dBound.of(op, expected);
            default -> of(op, slot, expected);
        };
    }

    /** Bound of each element of a result whose true values are given. */
    static IntToDoubleFunction of(OpCase op, String slot, double[] expected) {
        if (isExact(op)) {
            return i -> 0;
        }
        Geometry geometry = op.geometry();
        if (geometry instanceof Activation) {
            return activation(op, expected);
        }
        if (geometry instanceof Softmax g) {
            return softmax(op, g.classes(), false, expected);
        }
        if (geometry instanceof LogSoftmax g) {
            return softmax(op, g.classes(), true, expected);
        }
        if (geometry instanceof SoftmaxCrossEntropy g) {
            return loss(op, g, slot, expected);
        }
        if (geometry instanceof Philox) {
            // Errors of radius and of cosine or sine are both relative to the radius, at most 5.77.
            return i ->
                    16 * ULP * (Math.max(i ^ 1, i) < expected.length ? Math.hypot(expected[i], expected[i ^ 1]) : 5.77);
        }
        IntToDoubleFunction size = magnitude(op, slot);
        double gamma = gamma(op.plain().accumulated());
        boolean tanh = geometry instanceof Gemm g && g.epilogue() == Gemm.Epilogue.TANH;
        return i -> gamma * size.applyAsDouble(i) + (tanh ? 8 * ULP + U : U) * Math.abs(expected[i]);
    }

    private static IntToDoubleFunction magnitude(OpCase op, String slot) {
        @Nullable IntToDoubleFunction size = Naive.element(op, slot, true);
        if (size == null) {
            throw new IllegalArgumentException("no error bound is known for " + op);
        }
        return size;
    }

    /** Results that round at most once, so that all devices give the same bits. */
    static boolean isExact(OpCase op) {
        Geometry geometry = op.geometry();
        boolean forward = op.direction().equals("forward");
        return geometry instanceof Add
                || geometry instanceof Dropout
                || (geometry instanceof BiasAdd && forward)
                || (geometry instanceof MaxPool2d && forward)
                || (geometry instanceof Philox random && random.distribution() == Philox.Distribution.UNIFORM)
                || (geometry instanceof Activation a
                        && a.kind() != Activation.Kind.TANH
                        && a.kind() != Activation.Kind.SIGMOID);
    }

    private static IntToDoubleFunction activation(OpCase op, double[] expected) {
        if (op.direction().equals("forward")) {
            return i -> (8 * ULP + U) * Math.abs(expected[i]);
        }
        double[] g = op.doubles("gradOutput");
        // 1 - y*y cancels: absolute 4 u, and 2 u because y is rounded.
        return i -> 6 * U * Math.abs(g[i]) + 4 * U * Math.abs(expected[i]);
    }

    /** Distance of each input from the largest of its sample. */
    private static double[] distances(double[] x, int classes) {
        double[] distance = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double most = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                most = Math.max(most, x[i / classes * classes + c]);
            }
            distance[i] = Math.abs(x[i] - most);
        }
        return distance;
    }

    private static IntToDoubleFunction softmax(OpCase op, int classes, boolean log, double[] expected) {
        if (!op.direction().equals("forward")) {
            return softmaxGradient(op, classes, log, expected);
        }
        double[] distance = distances(op.doubles("input"), classes);
        return i -> log
                ? logarithm(classes, distance[i], expected[i])
                : (16 * ULP + (classes + distance[i] + 1) * U) * Math.abs(expected[i]);
    }

    /**
     * (x - max) rounds; the sum's terms err by 4 ULP of exp and u |d| exp(-|d|) each, less than u; its C additions by u
     * each; the logarithm by 3 ULP; the last subtraction by u.
     */
    private static double logarithm(int classes, double distance, double value) {
        return U * (9 + 2 * classes + 7 * distance + 8 * Math.abs(value));
    }

    private static IntToDoubleFunction softmaxGradient(OpCase op, int classes, boolean log, double[] expected) {
        double[] y = op.doubles("output");
        double[] g = op.doubles("gradOutput");
        return i -> {
            double sum = 0;
            for (int j = i / classes * classes; j < (i / classes + 1) * classes; j++) {
                sum += Math.abs(g[j]) * (log ? 1 : y[j]);
            }
            return log
                    ? Math.exp(y[i]) * sum * (gamma(classes + 12) + U * (Double.isInfinite(y[i]) ? 0 : Math.abs(y[i])))
                            + 2 * U * Math.abs(expected[i])
                    : gamma(classes + 6) * y[i] * (Math.abs(g[i]) + sum);
        };
    }

    private static IntToDoubleFunction loss(OpCase op, SoftmaxCrossEntropy g, String slot, double[] expected) {
        if (slot.equals("correct")) {
            return i -> 0;
        }
        double[] distance = distances(op.doubles("logits"), g.classes());
        if (slot.equals("loss")) {
            int[] labels = op.ints("labels");
            return i -> logarithm(
                    g.classes(), labels[i] == g.ignoreIndex() ? 0 : distance[i * g.classes() + labels[i]], expected[i]);
        }
        double scale = Math.abs(op.scalars().getOrDefault("scale", 1.0));
        return i -> {
            double share = Math.min(1, Math.abs(expected[i]) / scale);
            return scale * (share * (16 * ULP + (g.classes() + distance[i] + 1) * U) + 2 * U)
                    + U * Math.abs(expected[i]);
        };
    }

    /** Fails unless every element lies within its bound; NaN equals NaN, and zeros of both signs are equal. */
    static void check(String what, double[] expected, double[] got, IntToDoubleFunction bound) {
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] == got[i] || (Double.isNaN(expected[i]) && Double.isNaN(got[i]))) {
                continue;
            }
            double allowed = bound.applyAsDouble(i);
            if (!(Math.abs(expected[i] - got[i]) <= allowed)) {
                throw new AssertionError(
                        what + "[" + i + "]: expected " + expected[i] + ", got " + got[i] + ", allowed " + allowed);
            }
        }
    }

    /**
     * Says so where a sum errs by more than 4 sqrt(K) u of its summands: rounding errors that do not lean to one side stay
     * below it, so something may be wrong even within the bound.
     */
    static void warn(String what, OpCase op, String slot, double[] expected, double[] got) {
        if (isExact(op)) {
            return;
        }
        IntToDoubleFunction size = Naive.element(op, slot, true);
        String worst =
                size == null ? null : suspicious(expected, got, size, op.plain().accumulated());
        if (worst != null) {
            System.out.println("warning: " + what + worst);
        }
    }

    /** The element that errs most beyond 4 sqrt(k) u of its size, null when none does. */
    static @Nullable String suspicious(double[] expected, double[] got, IntToDoubleFunction size, int k) {
        double allowed = 4 * Math.sqrt(k) * U;
        double most = 1;
        String worst = null;
        for (int i = 0; i < expected.length; i++) {
            double share = Math.abs(expected[i] - got[i]) / (allowed * size.applyAsDouble(i));
            if (share > most) {
                most = share;
                worst = "[" + i + "] errs " + (float) share + " times 4 sqrt(" + k + ") u of its summands";
            }
        }
        return worst;
    }
}
