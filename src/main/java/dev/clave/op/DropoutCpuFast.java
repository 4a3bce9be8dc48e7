package dev.clave.op;

import dev.clave.internal.rng.Philox;

/** Dropout on the CPU over float arrays, one owner per sample. */
final class DropoutCpuFast implements CpuFast {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Dropout g = (Dropout) problem.geometry();
        boolean forward = problem.direction().equals("forward");
        float[] from = a.floats(forward ? "input" : "gradOutput");
        float[] to = a.floats(forward ? "output" : "gradInput");
        int first = a.offset(forward ? "input" : "gradOutput");
        int second = a.offset(forward ? "output" : "gradInput");
        int step = (int) (long) a.scalar("step");
        int firstSample = (int) (long) a.scalar("first_sample");
        float scale = (float) g.scale();
        a.device().forEach(g.n(), 5.0 * g.n() * g.features(), (workspace, n) -> {
            int[] bits = new int[4];
            for (int f = 0; f < g.features(); f += 4) {
                Philox.block((int) g.seed(), (int) (g.seed() >>> 32), f / 4, firstSample + n, step, g.layer(), bits);
                for (int lane = 0; lane < Math.min(4, g.features() - f); lane++) {
                    int i = n * g.features() + f + lane;
                    boolean kept = (bits[lane] & 0xFFFFFFFFL) >= g.threshold();
                    to[second + i] = kept ? from[first + i] * scale : 0;
                }
            }
        });
    }
}
