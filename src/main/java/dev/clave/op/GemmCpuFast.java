package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.cpu.Workspace;
import java.util.Arrays;

/** Matrix product on the CPU: blocks of c have one owner each, b is copied into rows, the sum runs over k in order. */
final class GemmCpuFast implements CpuFast {
    private static final Reals.Floats NONE = new Reals.Floats(new float[0], 0);
    private static final int ROWS = 256;
    private static final int DEPTH = 256;

    @Override
    public boolean isWide() {
        return true;
    }

    @Override
    public void run(Problem problem, CpuArguments arguments) {
        Gemm g = (Gemm) problem.geometry();
        if (problem.format().real() == DType.F64) {
            GemmCpuWide.run(g, arguments);
            return;
        }
        Block block = new Block(
                g,
                arguments.view("a"),
                arguments.view("b"),
                arguments.view("c"),
                g.bias() ? arguments.view("bias") : NONE);
        int columns = FloatTiles.parts(g.n(), Workspace.WIDTH);
        int rows = Math.max(FloatTiles.parts(g.m(), ROWS), Math.min(FloatTiles.parts(4, columns), (g.m() + 5) / 6));
        arguments
                .device()
                .forEach(
                        columns * rows,
                        problem.flops() / FloatTiles.FLOPS_PER_NANO,
                        (workspace, task) -> block.compute(
                                workspace,
                                FloatTiles.begin(g.m(), rows, task / columns),
                                FloatTiles.begin(g.m(), rows, task / columns + 1),
                                FloatTiles.begin(g.n(), columns, task % columns),
                                FloatTiles.begin(g.n(), columns, task % columns + 1)));
    }

    private record Block(Gemm g, Reals.Floats a, Reals.Floats b, Reals.Floats c, Reals.Floats bias) {

        void compute(Workspace workspace, int rowBegin, int rowEnd, int begin, int end) {
            int rows = rowEnd - rowBegin;
            int width = end - begin;
            float[][] sums = workspace.sums(rows);
            for (int m = 0; m < rows; m++) {
                Arrays.fill(sums[m], 0, width, 0);
            }
            for (int p = 0; p < g.k(); p += DEPTH) {
                int depth = Math.min(DEPTH, g.k() - p);
                float[][] operand = workspace.operands(depth);
                pack(operand, p, depth, begin, width);
                int first = a.offset + (g.transA() ? p * g.lda() + rowBegin : rowBegin * g.lda() + p);
                FloatTiles.multiply(
                        a.values,
                        first,
                        g.transA() ? 1 : g.lda(),
                        g.transA() ? g.lda() : 1,
                        rows,
                        operand,
                        depth,
                        sums,
                        width);
            }
            for (int m = 0; m < rows; m++) {
                store(sums[m], c.offset + (rowBegin + m) * g.ldc() + begin, bias.offset + begin, width);
            }
        }

        private void pack(float[][] operand, int p, int depth, int begin, int width) {
            if (!g.transB()) {
                for (int i = 0; i < depth; i++) {
                    System.arraycopy(b.values, b.offset + (p + i) * g.ldb() + begin, operand[i], 0, width);
                }
                return;
            }
            for (int i = 0; i < depth; i += 16) {
                int end = Math.min(depth, i + 16);
                for (int j = 0; j < width; j++) {
                    int from = b.offset + (begin + j) * g.ldb() + p;
                    for (int q = i; q < end; q++) {
                        operand[q][j] = b.values[from + q];
                    }
                }
            }
        }

        private void store(float[] sums, int at, int biasAt, int width) {
            if (g.alpha() == 1 && g.beta() == 0 && !g.bias() && g.epilogue() == Gemm.Epilogue.NONE) {
                System.arraycopy(sums, 0, c.values, at, width);
                return;
            }
            for (int j = 0; j < width; j++) {
                double value = g.alpha() * sums[j];
                if (g.beta() != 0) {
                    value += g.beta() * c.values[at + j];
                }
                if (g.bias()) {
                    value += bias.values[biasAt + j];
                }
                c.values[at + j] = (float)
                        (g.epilogue() == Gemm.Epilogue.TANH
                                ? FloatFunctions.tanh((float) value)
                                : GemmCpu.finish(g.epilogue(), value));
            }
        }
    }
}
