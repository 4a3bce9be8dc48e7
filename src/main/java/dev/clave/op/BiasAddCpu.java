package dev.clave.op;

/** The bias of a channel in pure Java. */
final class BiasAddCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        BiasAdd g = (BiasAdd) problem.geometry();
        if (problem.direction().equals("forward")) {
            Reals input = a.reals("input");
            Reals bias = a.reals("bias");
            Reals output = a.reals("output");
            int total = g.n() * g.c() * g.positions();
            for (int i = 0; i < total; i++) {
                output.set(i, input.get(i) + bias.get(i / g.positions() % g.c()));
            }
            return;
        }
        Reals gradOutput = a.reals("gradOutput");
        Reals gradBias = a.reals("gradBias");
        for (int c = 0; c < g.c(); c++) {
            double sum = 0;
            for (int n = 0; n < g.n(); n++) {
                for (int i = 0; i < g.positions(); i++) {
                    sum += gradOutput.get((n * g.c() + c) * g.positions() + i);
                }
            }
            gradBias.set(c, sum);
        }
    }
}
