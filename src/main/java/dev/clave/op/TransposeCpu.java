package dev.clave.op;

/** Transposition in pure Java. */
final class TransposeCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        StridedIndex index = ((Transpose) problem.geometry()).index(problem.format());
        Reals input = arguments.reals("input");
        Reals output = arguments.reals("output");
        for (int i = 0; i < index.elements(); i++) {
            output.set(i, input.get(index.at(0, i)));
        }
    }
}
