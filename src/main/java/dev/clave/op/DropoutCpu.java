package dev.clave.op;

import dev.clave.internal.rng.Philox;

/** Dropout in pure Java. */
final class DropoutCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Dropout g = (Dropout) problem.geometry();
        boolean forward = problem.direction().equals("forward");
        Reals from = a.reals(forward ? "input" : "gradOutput");
        Reals to = a.reals(forward ? "output" : "gradInput");
        int step = (int) (long) a.scalar("step");
        int firstSample = (int) (long) a.scalar("first_sample");
        int[] bits = new int[4];
        for (int n = 0; n < g.n(); n++) {
            for (int f = 0; f < g.features(); f++) {
                if (f % 4 == 0) {
                    Philox.block(
                            (int) g.seed(), (int) (g.seed() >>> 32), f / 4, firstSample + n, step, g.layer(), bits);
                }
                int i = n * g.features() + f;
                boolean kept = (bits[f % 4] & 0xFFFFFFFFL) >= g.threshold();
                to.set(i, kept ? from.get(i) * g.scale() : 0);
            }
        }
    }
}
