package dev.clave.op;

import java.util.stream.IntStream;

/** Matrix product in pure Java: accumulated in double, one owner per row. */
final class GemmCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments args) {
        Gemm g = (Gemm) problem.geometry();
        Reals a = args.reals("a");
        Reals b = args.reals("b");
        Reals c = args.reals("c");
        Reals bias = g.bias() ? args.reals("bias") : null;
        IntStream.range(0, g.m()).parallel().forEach(i -> {
            double[] row = new double[g.n()];
            for (int p = 0; p < g.k(); p++) {
                double value = g.alpha() * a.get(g.transA() ? p * g.lda() + i : i * g.lda() + p);
                for (int j = 0; j < row.length; j++) {
                    row[j] += value * b.get(g.transB() ? j * g.ldb() + p : p * g.ldb() + j);
                }
            }
            for (int j = 0; j < row.length; j++) {
                int at = i * g.ldc() + j;
                double value = row[j] + (g.beta() == 0 ? 0 : g.beta() * c.get(at)) + (bias == null ? 0 : bias.get(j));
                c.set(at, finish(g.epilogue(), value));
            }
        });
    }

    static double finish(Gemm.Epilogue epilogue, double value) {
        if (epilogue == Gemm.Epilogue.NONE) {
            return value;
        }
        return epilogue == Gemm.Epilogue.TANH ? Math.tanh(value) : value <= 0 ? 0 : value;
    }
}
