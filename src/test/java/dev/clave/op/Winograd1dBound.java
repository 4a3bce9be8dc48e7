package dev.clave.op;

import java.util.function.IntToDoubleFunction;

/**
 * The largest error of convolutions by F(2,3) and F(2,2) along rows: gamma_n S, S made as kernels/conv2d/winograd1d.cl makes the
 * result, of the sizes of all numbers and with no sign, n the roundings on the way of any one summand: those of the sum; 2 of
 * what stands for a row of the window, or 3 and one for two halves of the samples where that is a gradient; 1 of what is made of
 * inputs and 1 of gradients; 2 of an output and 1 of its bias; for a column of an input's gradient 2 within a part of the window and
 * one for each part of each pair that comes after it, at most two parts of (KW + 2) / 2 pairs. See {@link WinogradBound}.
 */
final class Winograd1dBound {
    private final Conv2d g;
    private final double[] weight;
    private final int threes;
    private final int twos;

    private Winograd1dBound(OpCase op) {
        g = (Conv2d) op.geometry();
        int kw = g.window().kw();
        threes = kw % 3 == 1 ? (kw - 4) / 3 : kw / 3;
        twos = (kw - 3 * threes) / 2;
        weight = op.direction().equals("backwardWeight") ? new double[0] : absolute(op.doubles("weight"));
    }

    /** Bound of each element of the output or of a gradient. */
    static IntToDoubleFunction of(OpCase op, double[] expected) {
        Winograd1dBound bound = new Winograd1dBound(op);
        Conv2d g = bound.g;
        int pairs = (g.ow() + 1) / 2;
        int rows = g.window().kh() * (bound.threes + bound.twos);
        return switch (op.direction()) {
            case "forward" -> {
                double[] bias = g.bias() ? absolute(op.doubles("bias")) : new double[g.k()];
                double[] sizes = bound.forward(absolute(op.doubles("input")), bias);
                yield within(Bounds.gamma(g.c() * rows + 2 + 1 + 2 + 1), sizes, expected);
            }
            case "backwardInput" -> {
                double[] sizes = bound.backwardInput(absolute(op.doubles("gradOutput")));
                int carried = 2 + g.window().kw() + 2;
                yield within(Bounds.gamma(g.k() * rows + 2 + 1 + carried), sizes, expected);
            }
            default -> {
                double[] sizes =
                        bound.backwardWeight(absolute(op.doubles("input")), absolute(op.doubles("gradOutput")));
                yield within(Bounds.gamma(g.n() * g.oh() * pairs + 1 + 1 + 3 + 1), sizes, expected);
            }
        };
    }

    private static IntToDoubleFunction within(double gamma, double[] sizes, double[] expected) {
        return i -> gamma * sizes[i] + Bounds.U * Math.abs(expected[i]);
    }

    private static double[] absolute(double... values) {
        double[] sizes = new double[values.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = Math.abs(values[i]);
        }
        return sizes;
    }

    /** What stands beside the inputs of one row of the window, in the order of the kernel. */
    private double[] turned(int k, int c, int kh) {
        int kw = g.window().kw();
        int from = ((k * g.c() + c) * g.window().kh() + kh) * kw;
        double[] made = new double[4 * threes + 3 * twos];
        for (int t = 0; t < threes; t++, from += 3) {
            made[4 * t] = weight[from];
            made[4 * t + 1] = (weight[from] + weight[from + 1] + weight[from + 2]) / 2;
            made[4 * t + 2] = made[4 * t + 1];
            made[4 * t + 3] = weight[from + 2];
        }
        for (int t = 0; t < twos; t++, from += 2) {
            int at = 4 * threes + 3 * t;
            made[at] = weight[from];
            made[at + 1] = weight[from] + weight[from + 1];
            made[at + 2] = weight[from + 1];
        }
        return made;
    }

    /** What is made of the inputs beside a pair of outputs. */
    private double[] made(double[] input, int n, int c, int y, int x0) {
        double[] d = new double[g.window().kw() + 1];
        for (int j = 0; j < d.length; j++) {
            int x = x0 + j;
            d[j] = x >= 0 && x < g.w() ? input[((n * g.c() + c) * g.h() + y) * g.w() + x] : 0;
        }
        double[] made = new double[4 * threes + 3 * twos];
        for (int t = 0; t < threes; t++) {
            made[4 * t] = d[3 * t] + d[3 * t + 2];
            made[4 * t + 1] = d[3 * t + 1] + d[3 * t + 2];
            made[4 * t + 2] = made[4 * t + 1];
            made[4 * t + 3] = d[3 * t + 3] + d[3 * t + 1];
        }
        for (int t = 0; t < twos; t++) {
            int at = 4 * threes + 3 * t;
            int from = 3 * threes + 2 * t;
            made[at] = d[from] + d[from + 1];
            made[at + 1] = d[from + 1];
            made[at + 2] = d[from + 2] + d[from + 1];
        }
        return made;
    }

    /** Which of the first, both and the second output a product goes to: 0, 1, 2. */
    private int goesTo(int product) {
        if (product < 4 * threes) {
            return new int[] {0, 1, 1, 2}[product % 4];
        }
        return (product - 4 * threes) % 3;
    }

    private interface Row {
        void take(int n, int oy, int y, int kh, int ox);
    }

    /** Every pair of columns of the output beside every row of the input. */
    private void walk(Row row) {
        Window window = g.window();
        for (int n = 0; n < g.n(); n++) {
            for (int oy = 0; oy < g.oh(); oy++) {
                for (int kh = 0; kh < window.kh(); kh++) {
                    int y = oy * window.strideH() - window.padTop() + kh * window.dilationH();
                    for (int ox = 0; y >= 0 && y < g.h() && ox < g.ow(); ox += 2) {
                        row.take(n, oy, y, kh, ox);
                    }
                }
            }
        }
    }

    private double[] forward(double[] input, double... bias) {
        double[] sizes = new double[g.n() * g.k() * g.oh() * g.ow()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = bias[i / (g.oh() * g.ow()) % g.k()];
        }
        walk((n, oy, y, kh, ox) -> {
            for (int c = 0; c < g.c(); c++) {
                double[] made = made(input, n, c, y, ox - g.window().padLeft());
                for (int k = 0; k < g.k(); k++) {
                    double[] turned = turned(k, c, kh);
                    int to = ((n * g.k() + k) * g.oh() + oy) * g.ow() + ox;
                    for (int j = 0; j < made.length; j++) {
                        if (goesTo(j) < 2) {
                            sizes[to] += made[j] * turned[j];
                        }
                        if (goesTo(j) > 0 && ox + 1 < g.ow()) {
                            sizes[to + 1] += made[j] * turned[j];
                        }
                    }
                }
            }
        });
        return sizes;
    }

    /** A gradient in place of the first, both and the second output. */
    private double gradient(double[] gradOutput, int n, int k, int oy, int ox, int product) {
        int at = ((n * g.k() + k) * g.oh() + oy) * g.ow() + ox;
        double second = ox + 1 < g.ow() ? gradOutput[at + 1] : 0;
        return goesTo(product) == 0 ? gradOutput[at] : goesTo(product) == 2 ? second : gradOutput[at] + second;
    }

    private double[] backwardInput(double... gradOutput) {
        double[] sizes = new double[g.n() * g.c() * g.h() * g.w()];
        walk((n, oy, y, kh, ox) -> {
            for (int c = 0; c < g.c(); c++) {
                for (int k = 0; k < g.k(); k++) {
                    double[] turned = turned(k, c, kh);
                    for (int j = 0; j < turned.length; j++) {
                        double product = turned[j] * gradient(gradOutput, n, k, oy, ox, j);
                        for (int column : columns(j)) {
                            int x = ox + column - g.window().padLeft();
                            if (x >= 0 && x < g.w()) {
                                sizes[((n * g.c() + c) * g.h() + y) * g.w() + x] += product;
                            }
                        }
                    }
                }
            }
        });
        return sizes;
    }

    /** The inputs that a product is made of. */
    private int[] columns(int product) {
        if (product < 4 * threes) {
            int s = product / 4 * 3;
            return new int[][] {{s, s + 2}, {s + 1, s + 2}, {s + 1, s + 2}, {s + 1, s + 3}}[product % 4];
        }
        int s = 3 * threes + (product - 4 * threes) / 3 * 2;
        return new int[][] {{s, s + 1}, {s + 1}, {s + 1, s + 2}}[(product - 4 * threes) % 3];
    }

    private double[] backwardWeight(double[] input, double... gradOutput) {
        int kw = g.window().kw();
        double[] sizes = new double[g.k() * g.c() * g.window().kh() * kw];
        walk((n, oy, y, kh, ox) -> {
            for (int c = 0; c < g.c(); c++) {
                double[] made = made(input, n, c, y, ox - g.window().padLeft());
                for (int k = 0; k < g.k(); k++) {
                    int to = ((k * g.c() + c) * g.window().kh() + kh) * kw;
                    for (int j = 0; j < made.length; j++) {
                        double product = made[j] * gradient(gradOutput, n, k, oy, ox, j);
                        for (int tap : taps(j)) {
                            sizes[to + tap] += product;
                        }
                    }
                }
            }
        });
        return sizes;
    }

    /** The weights whose gradient a product is part of; a half counts as a whole. */
    private int[] taps(int product) {
        if (product < 4 * threes) {
            int s = product / 4 * 3;
            return new int[][] {{s}, {s, s + 1, s + 2}, {s, s + 1, s + 2}, {s + 2}}[product % 4];
        }
        int s = 3 * threes + (product - 4 * threes) / 3 * 2;
        return new int[][] {{s}, {s, s + 1}, {s + 1}}[(product - 4 * threes) % 3];
    }
}
