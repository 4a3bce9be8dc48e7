package dev.clave.op;

/** Stochastic gradient descent on the CPU in single precision, the formula of kernels/sgd.cl. */
final class SgdCpuFast implements CpuFast {
    private static final int CHUNK = 4096;

    @Override
    public void run(Problem problem, CpuArguments a) {
        Sgd s = (Sgd) problem.geometry();
        float[] parameter = a.floats("parameter");
        float[] gradient = a.floats("gradient");
        float[] velocity = a.floats("velocity");
        int p0 = a.offset("parameter");
        int g0 = a.offset("gradient");
        int v0 = a.offset("velocity");
        float rate = (float) a.scalar("learning_rate");
        float momentum = (float) s.momentum();
        float decay = (float) s.weightDecay();
        a.device().forEach(FloatTiles.parts(s.count(), CHUNK), s.count(), (workspace, chunk) -> {
            int end = Math.min(s.count(), (chunk + 1) * CHUNK);
            for (int i = chunk * CHUNK; i < end; i++) {
                float g = gradient[g0 + i] + decay * parameter[p0 + i];
                float v = momentum * velocity[v0 + i] + g;
                velocity[v0 + i] = v;
                parameter[p0 + i] -= rate * (s.nesterov() ? g + momentum * v : v);
            }
        });
    }
}
