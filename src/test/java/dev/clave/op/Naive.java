package dev.clave.op;

import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Third implementation: each element straight from its definition, in double, sharing no code with twins or kernels. With
 * {@code absolute} every factor and summand counts by its magnitude, which gives the S of the error bound.
 */
final class Naive {
    private Naive() {}

    /** The definition of a result's element, null where this class knows none. */
    static @Nullable IntToDoubleFunction element(OpCase op, String slot, boolean absolute) {
        if (op.geometry() instanceof Conv2d g) {
            return new Convolution(op, g, absolute).element(slot);
        }
        if (op.geometry() instanceof Gemm g) {
            return gemm(op, g, absolute);
        }
        if (op.geometry() instanceof MaxPool2d g) {
            return NaivePooling.max(op, g, slot, absolute);
        }
        if (op.geometry() instanceof AvgPool2d g) {
            return NaivePooling.average(op, g, absolute);
        }
        return elementwise(op, absolute);
    }

    private static @Nullable IntToDoubleFunction elementwise(OpCase op, boolean absolute) {
        boolean forward = op.direction().equals("forward");
        if (op.geometry() instanceof Add) {
            double[] left = of(op.doubles(forward ? "a" : "input"), absolute);
            double[] right = of(op.doubles(forward ? "b" : "sum"), absolute);
            return i -> left[i] + right[i];
        }
        if (op.geometry() instanceof BiasAdd g) {
            double[] values = of(op.doubles(forward ? "input" : "gradOutput"), absolute);
            if (forward) {
                double[] bias = of(op.doubles("bias"), absolute);
                return i -> values[i] + bias[i % (g.c() * g.positions()) / g.positions()];
            }
            return channel -> {
                double sum = 0;
                for (int i = 0; i < values.length; i++) {
                    sum += i / g.positions() % g.c() == channel ? values[i] : 0;
                }
                return sum;
            };
        }
        if (op.geometry() instanceof Activation g
                && (g.kind() == Activation.Kind.RELU || g.kind() == Activation.Kind.LEAKY_RELU)) {
            double slope = g.kind() == Activation.Kind.RELU ? 0 : (float) g.slope();
            double[] tested = op.doubles(forward ? "input" : "output");
            double[] values = of(op.doubles(forward ? "input" : "gradOutput"), absolute);
            return i -> tested[i] > 0 ? values[i] : slope == 0 ? 0 : slope * values[i];
        }
        return null;
    }

    static double[] of(double[] values, boolean absolute) {
        return absolute ? java.util.Arrays.stream(values).map(Math::abs).toArray() : values;
    }

    private static IntToDoubleFunction gemm(OpCase op, Gemm g, boolean absolute) {
        double[] a = of(op.doubles("a"), absolute);
        double[] b = of(op.doubles("b"), absolute);
        double[] c = of(op.doubles("c"), absolute);
        double[] bias = g.bias() ? of(op.doubles("bias"), absolute) : new double[g.n()];
        double alpha = absolute ? Math.abs(g.alpha()) : g.alpha();
        double beta = absolute ? Math.abs(g.beta()) : g.beta();
        return at -> {
            int i = at / g.ldc();
            int j = at % g.ldc();
            if (j >= g.n()) {
                return c[at];
            }
            double sum = 0;
            for (int p = 0; p < g.k(); p++) {
                double left = g.transA() ? a[p * g.lda() + i] : a[i * g.lda() + p];
                double right = g.transB() ? b[j * g.ldb() + p] : b[p * g.ldb() + j];
                sum += left * right;
            }
            double value = alpha * sum + (beta == 0 ? 0 : beta * c[at]) + bias[j];
            return switch (absolute ? Gemm.Epilogue.NONE : g.epilogue()) {
                case NONE -> value;
                case RELU -> value > 0 ? value : 0;
                case TANH -> Math.tanh(value);
            };
        };
    }

    /** The convolution's definition, solved for each of its four results. */
    private static final class Convolution {
        private final OpCase op;
        private final Conv2d g;
        private final Window win;
        private final boolean absolute;

        Convolution(OpCase op, Conv2d g, boolean absolute) {
            this.op = op;
            this.g = g;
            this.win = g.window();
            this.absolute = absolute;
        }

        private double[] values(String slot) {
            return of(op.doubles(slot), absolute);
        }

        @Nullable
        IntToDoubleFunction element(String slot) {
            return switch (slot) {
                case "output" -> output(values("input"), values("weight"), g.bias() ? values("bias") : null);
                case "gradInput" -> gradInput(values("gradOutput"), values("weight"));
                case "gradWeight" -> gradWeight(values("input"), values("gradOutput"));
                case "gradBias" -> gradBias(values("gradOutput"));
                default -> null;
            };
        }

        private double pixel(double[] input, int n, int c, int y, int x) {
            return y < 0 || y >= g.h() || x < 0 || x >= g.w() ? 0 : input[((n * g.c() + c) * g.h() + y) * g.w() + x];
        }

        private IntToDoubleFunction output(double[] input, double[] weight, double @Nullable [] bias) {
            int cg = g.c() / g.groups();
            int kg = g.k() / g.groups();
            return i -> {
                int ox = i % g.ow();
                int oy = i / g.ow() % g.oh();
                int k = i / g.ow() / g.oh() % g.k();
                int n = i / g.ow() / g.oh() / g.k();
                double sum = bias == null ? 0 : bias[k];
                for (int c = 0; c < cg; c++) {
                    for (int r = 0; r < win.kh(); r++) {
                        for (int s = 0; s < win.kw(); s++) {
                            int y = oy * win.strideH() - win.padTop() + r * win.dilationH();
                            int x = ox * win.strideW() - win.padLeft() + s * win.dilationW();
                            sum += pixel(input, n, k / kg * cg + c, y, x)
                                    * weight[((k * cg + c) * win.kh() + r) * win.kw() + s];
                        }
                    }
                }
                return sum;
            };
        }

        private IntToDoubleFunction gradInput(double[] gradOutput, double[] weight) {
            int cg = g.c() / g.groups();
            int kg = g.k() / g.groups();
            return i -> {
                int x = i % g.w();
                int y = i / g.w() % g.h();
                int c = i / g.w() / g.h() % g.c();
                int n = i / g.w() / g.h() / g.c();
                double sum = 0;
                for (int r = 0; r < win.kh(); r++) {
                    for (int s = 0; s < win.kw(); s++) {
                        int oy = quotient(y + win.padTop() - r * win.dilationH(), win.strideH(), g.oh());
                        int ox = quotient(x + win.padLeft() - s * win.dilationW(), win.strideW(), g.ow());
                        for (int k = c / cg * kg; oy >= 0 && ox >= 0 && k < (c / cg + 1) * kg; k++) {
                            sum += gradOutput[((n * g.k() + k) * g.oh() + oy) * g.ow() + ox]
                                    * weight[((k * cg + c % cg) * win.kh() + r) * win.kw() + s];
                        }
                    }
                }
                return sum;
            };
        }

        private IntToDoubleFunction gradWeight(double[] input, double[] gradOutput) {
            int cg = g.c() / g.groups();
            int kg = g.k() / g.groups();
            return i -> {
                int s = i % win.kw();
                int r = i / win.kw() % win.kh();
                int k = i / win.kw() / win.kh() / cg;
                int c = k / kg * cg + i / win.kw() / win.kh() % cg;
                double sum = 0;
                for (int n = 0; n < g.n(); n++) {
                    for (int oy = 0; oy < g.oh(); oy++) {
                        for (int ox = 0; ox < g.ow(); ox++) {
                            int y = oy * win.strideH() - win.padTop() + r * win.dilationH();
                            int x = ox * win.strideW() - win.padLeft() + s * win.dilationW();
                            sum += pixel(input, n, c, y, x) * gradOutput[((n * g.k() + k) * g.oh() + oy) * g.ow() + ox];
                        }
                    }
                }
                return sum;
            };
        }

        private IntToDoubleFunction gradBias(double[] gradOutput) {
            int positions = g.oh() * g.ow();
            return k -> {
                double sum = 0;
                for (int n = 0; n < g.n(); n++) {
                    for (int o = 0; o < positions; o++) {
                        sum += gradOutput[(n * g.k() + k) * positions + o];
                    }
                }
                return sum;
            };
        }

        /** a / b when it is whole and in [0, end), else -1. */
        private static int quotient(int a, int b, int end) {
            return a < 0 || a % b != 0 || a / b >= end ? -1 : a / b;
        }
    }
}
