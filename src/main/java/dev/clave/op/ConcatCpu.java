package dev.clave.op;

/** Concatenation in pure Java. */
final class ConcatCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        Concat g = (Concat) problem.geometry();
        Reals a = arguments.reals("a");
        Reals b = arguments.reals("b");
        Reals output = arguments.reals("output");
        int both = g.first() + g.second();
        int id = 0;
        for (int outer = 0; outer < g.n() * g.outer(); outer++) {
            for (int place = 0; place < both; place++) {
                for (int inner = 0; inner < g.inner(); inner++, id++) {
                    output.set(
                            id,
                            place < g.first()
                                    ? a.get((outer * g.first() + place) * g.inner() + inner)
                                    : b.get((outer * g.second() + place - g.first()) * g.inner() + inner));
                }
            }
        }
    }
}
