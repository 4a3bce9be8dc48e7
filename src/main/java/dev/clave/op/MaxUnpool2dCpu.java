package dev.clave.op;

/** Max unpooling in pure Java. */
final class MaxUnpool2dCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        MaxUnpool2d g = (MaxUnpool2d) problem.geometry();
        Reals input = arguments.reals("input");
        Reals output = arguments.reals("output");
        int[] argmax = arguments.ints("argmax");
        int offset = arguments.offset("argmax");
        int pixels = g.h() * g.w();
        int cells = g.oh() * g.ow();
        for (int plane = 0; plane < g.n() * g.c(); plane++) {
            for (int i = 0; i < cells; i++) {
                output.set(plane * cells + i, 0);
            }
            for (int i = plane * pixels; i < (plane + 1) * pixels; i++) {
                int where = argmax[offset + i];
                if (where >= 0) {
                    int place = where % (g.planeH() * g.planeW());
                    output.set(plane * cells + place / g.planeW() * g.ow() + place % g.planeW(), input.get(i));
                }
            }
        }
    }
}
