package dev.clave.op;

/**
 * {@link GemmCpuFast} in double precision: blocks of c have one owner each, b is copied into rows, the sum runs over k in
 * order. The inner loops have the form of {@link FloatTiles}, which says why.
 */
final class GemmCpuWide {
    private static final Reals.Doubles NONE = new Reals.Doubles(new double[0], 0);
    private static final int ROWS = 96;
    private static final int COLUMNS = 192;
    private static final int DEPTH = 128;
    /** Steps done for all rows before the next ones, so that they stay in the first-level cache. */
    private static final int STEPS = 16;

    private final Gemm g;
    private final Reals.Doubles a;
    private final Reals.Doubles b;
    private final Reals.Doubles c;
    private final Reals.Doubles bias;

    private GemmCpuWide(Gemm g, CpuArguments arguments) {
        this.g = g;
        this.a = (Reals.Doubles) arguments.reals("a");
        this.b = (Reals.Doubles) arguments.reals("b");
        this.c = (Reals.Doubles) arguments.reals("c");
        this.bias = g.bias() ? (Reals.Doubles) arguments.reals("bias") : NONE;
    }

    static void run(Gemm g, CpuArguments arguments) {
        GemmCpuWide gemm = new GemmCpuWide(g, arguments);
        int columns = FloatTiles.parts(g.n(), COLUMNS);
        int rows = FloatTiles.parts(g.m(), ROWS);
        arguments
                .device()
                .forEach(
                        columns * rows,
                        // Half as many lanes as in single precision.
                        4.0 * g.m() * g.n() * g.k() / FloatTiles.FLOPS_PER_NANO,
                        (workspace, task) -> gemm.compute(
                                FloatTiles.begin(g.m(), rows, task / columns),
                                FloatTiles.begin(g.m(), rows, task / columns + 1),
                                FloatTiles.begin(g.n(), columns, task % columns),
                                FloatTiles.begin(g.n(), columns, task % columns + 1)));
    }

    private void compute(int rowBegin, int rowEnd, int begin, int end) {
        int width = end - begin;
        double[][] sums = new double[rowEnd - rowBegin][width];
        double[][] operand = new double[Math.min(DEPTH, g.k())][width];
        for (int p = 0; p < g.k(); p += DEPTH) {
            int depth = Math.min(DEPTH, g.k() - p);
            for (int i = 0; i < depth; i++) {
                pack(operand[i], p + i, begin, width);
            }
            for (int step = 0; step < depth; step += STEPS) {
                multiply(rowBegin, p, step, Math.min(depth, step + STEPS), operand, sums, width);
            }
        }
        for (int i = 0; i < sums.length; i++) {
            store(sums[i], c.offset + (rowBegin + i) * g.ldc() + begin, begin, width);
        }
    }

    private void pack(double[] row, int p, int begin, int width) {
        if (!g.transB()) {
            System.arraycopy(b.values, b.offset + p * g.ldb() + begin, row, 0, width);
            return;
        }
        for (int j = 0; j < width; j++) {
            row[j] = b.values[b.offset + (begin + j) * g.ldb() + p];
        }
    }

    private double at(int row, int p) {
        return a.values[a.offset + (g.transA() ? p * g.lda() + row : row * g.lda() + p)];
    }

    /** Steps {@code first} to {@code last} of the operand, whose row 0 belongs to step p of the product. */
    private void multiply(int rowBegin, int p, int first, int last, double[][] operand, double[][] sums, int width) {
        int m = 0;
        for (; m + 3 <= sums.length; m += 3) {
            int row = rowBegin + m;
            int i = first;
            for (; i + 2 <= last; i += 2) {
                tile(
                        sums[m],
                        sums[m + 1],
                        sums[m + 2],
                        operand[i],
                        operand[i + 1],
                        at(row, p + i),
                        at(row, p + i + 1),
                        at(row + 1, p + i),
                        at(row + 1, p + i + 1),
                        at(row + 2, p + i),
                        at(row + 2, p + i + 1),
                        width);
            }
            if (i < last) {
                for (int r = 0; r < 3; r++) {
                    line(sums[m + r], operand[i], at(row + r, p + i), width);
                }
            }
        }
        for (; m < sums.length; m++) {
            for (int i = first; i < last; i++) {
                line(sums[m], operand[i], at(rowBegin + m, p + i), width);
            }
        }
    }

    private static void tile(
            double[] c0,
            double[] c1,
            double[] c2,
            double[] b0,
            double[] b1,
            double a00,
            double a01,
            double a10,
            double a11,
            double a20,
            double a21,
            int width) {
        for (int j = 0; j < width; j++) {
            double x = b0[j];
            double y = b1[j];
            c0[j] = c0[j] + a00 * x + a01 * y;
            c1[j] = c1[j] + a10 * x + a11 * y;
            c2[j] = c2[j] + a20 * x + a21 * y;
        }
    }

    private static void line(double[] c, double[] b, double a, int width) {
        for (int j = 0; j < width; j++) {
            c[j] += a * b[j];
        }
    }

    private void store(double[] sums, int at, int begin, int width) {
        if (g.alpha() == 1 && g.beta() == 0 && !g.bias() && g.epilogue() == Gemm.Epilogue.NONE) {
            System.arraycopy(sums, 0, c.values, at, width);
            return;
        }
        for (int j = 0; j < width; j++) {
            double value = g.alpha() * sums[j];
            value += g.beta() == 0 ? 0 : g.beta() * c.values[at + j];
            value += g.bias() ? bias.values[bias.offset + begin + j] : 0;
            c.values[at + j] = GemmCpu.finish(g.epilogue(), value);
        }
    }
}
