package dev.clave.op;

import java.util.function.IntToDoubleFunction;

/**
 * The largest error of F(2x2,3x3): as for a direct sum, with the sizes of the summands taken through the transforms. With
 * {@code m = (|G| |g| |G'|) * (|B'| |d| |B|)} summed over C channels, S = |A'| m |A|, the error is at most gamma_n S, n the
 * roundings on the way of any one summand: 2 and 2 in the rows and columns of G g G' (halves are exact), 1 and 1 in those of
 * B' d B, C of the fused sum, 2 and 2 in those of A' m A, one of the bias. That is the analysis of N. Higham, Accuracy and
 * Stability of Numerical Algorithms, section 3.1, and B. Barabasz et al., Error analysis and improving the accuracy of Winograd
 * convolution (arXiv:1803.10986), for this case.
 */
final class WinogradBound {
    private static final double[][] A = {{1, 1, 1, 0}, {0, 1, 1, 1}};
    private static final double[][] B = {{1, 0, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 0, 1}};
    private static final double[][] G = {{1, 0, 0}, {.5, .5, .5}, {.5, .5, .5}, {0, 0, 1}};
    private static final int ROUNDINGS = 2 + 2 + 1 + 1 + 2 + 2 + 1;

    private WinogradBound() {}

    /** Bound of each element of the output, or of the input's gradient. */
    static IntToDoubleFunction of(OpCase op, double[] expected) {
        Conv2d g = (Conv2d) op.geometry();
        boolean gradient = op.direction().equals("backwardInput");
        double[] source = op.doubles(gradient ? "gradOutput" : "input");
        double[] weight = op.doubles("weight");
        double[] bias = g.bias() && !gradient ? op.doubles("bias") : new double[Math.max(g.c(), g.k())];
        int sums = gradient ? g.k() : g.c();
        int rows = gradient ? g.c() : g.k();
        int h = gradient ? g.oh() : g.h();
        int w = gradient ? g.ow() : g.w();
        int outH = gradient ? g.h() : g.oh();
        int outW = gradient ? g.w() : g.ow();
        int top = gradient ? 2 - g.window().padTop() : g.window().padTop();
        int left = gradient ? 2 - g.window().padLeft() : g.window().padLeft();
        double gamma = Bounds.gamma(sums + ROUNDINGS);
        return i -> {
            int x = i % outW;
            int y = i / outW % outH;
            int row = i / (outW * outH) % rows;
            int n = i / (outW * outH * rows);
            double[][] m = new double[4][4];
            for (int s = 0; s < sums; s++) {
                double[][] tile = new double[4][4];
                double[][] taps = new double[3][3];
                for (int a = 0; a < 4; a++) {
                    for (int b = 0; b < 4; b++) {
                        int sy = y / 2 * 2 - top + a;
                        int sx = x / 2 * 2 - left + b;
                        boolean inside = sy >= 0 && sy < h && sx >= 0 && sx < w;
                        tile[a][b] = inside ? Math.abs(source[((n * sums + s) * h + sy) * w + sx]) : 0;
                    }
                }
                int from = (gradient ? s * rows + row : row * sums + s) * 9;
                for (int t = 0; t < 9; t++) {
                    taps[t / 3][t % 3] = Math.abs(weight[from + (gradient ? 8 - t : t)]);
                }
                double[][] right = around(B, tile);
                double[][] turned = around(G, taps);
                for (int t = 0; t < 16; t++) {
                    m[t / 4][t % 4] += right[t / 4][t % 4] * turned[t / 4][t % 4];
                }
            }
            return gamma * (around(A, m)[y % 2][x % 2] + Math.abs(bias[row])) + Bounds.U * Math.abs(expected[i]);
        };
    }

    /** L x L'. */
    private static double[][] around(double[][] left, double[][] x) {
        double[][] result = new double[left.length][left.length];
        for (int a = 0; a < left.length; a++) {
            for (int b = 0; b < left.length; b++) {
                for (int i = 0; i < x.length; i++) {
                    for (int j = 0; j < x.length; j++) {
                        result[a][b] += left[a][i] * x[i][j] * left[b][j];
                    }
                }
            }
        }
        return result;
    }
}
