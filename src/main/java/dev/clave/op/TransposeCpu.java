package dev.clave.op;

/** Transposition in pure Java. */
final class TransposeCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        StridedIndex index = ((Transpose) problem.geometry()).index(problem.format());
        Reals input = arguments.reals("input");
        Reals output = arguments.reals("output");
        int length = index.rowLength();
        for (int row = 0; row < index.elements(); row += length) {
            int from = index.at(0, row);
            for (int i = 0; i < length; i++, from += index.step(0)) {
                output.set(row + i, input.get(from));
            }
        }
    }
}
