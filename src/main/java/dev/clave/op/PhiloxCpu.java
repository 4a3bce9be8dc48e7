package dev.clave.op;

import dev.clave.internal.rng.BoxMuller;

/** Random numbers in pure Java. */
final class PhiloxCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Philox g = (Philox) problem.geometry();
        boolean normal = g.distribution() == Philox.Distribution.NORMAL;
        Reals output = a.reals("output");
        int[] words = new int[4];
        for (int i = 0; i < g.count(); i++) {
            if (i % 4 == 0) {
                dev.clave.internal.rng.Philox.block(
                        (int) g.seed(), (int) (g.seed() >>> 32), i / 4, 0, 0, g.stream(), words);
            }
            int pair = i % 4 & ~1;
            output.set(
                    i,
                    normal
                            ? BoxMuller.normal(words[pair], words[pair + 1], i % 2 == 1)
                            : BoxMuller.uniform(words[i % 4]));
        }
    }
}
