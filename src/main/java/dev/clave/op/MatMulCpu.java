package dev.clave.op;

import java.util.stream.IntStream;

/** Products of stacks of matrices in pure Java. */
final class MatMulCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        MatMul g = (MatMul) problem.geometry();
        StridedIndex index = g.index(problem.format());
        int stepA = g.stepA(problem.format());
        int stepB = g.stepB(problem.format());
        Reals a = arguments.reals("a");
        Reals b = arguments.reals("b");
        Reals output = arguments.reals("output");
        IntStream.range(0, index.elements()).parallel().forEach(i -> {
            int left = index.at(0, i);
            int right = index.at(1, i);
            double sum = 0;
            for (int k = 0; k < g.inner(); k++) {
                sum += a.get(left + k * stepA) * b.get(right + k * stepB);
            }
            output.set(i, sum);
        });
    }
}
