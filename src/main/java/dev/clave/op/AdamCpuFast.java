package dev.clave.op;

/** Adam on the CPU in single precision, the formula of kernels/adam.cl, in chunks that stay in the first-level cache. */
final class AdamCpuFast implements CpuFast {
    private static final int CHUNK = 2048;

    @Override
    public void run(Problem problem, CpuArguments a) {
        Adam g = (Adam) problem.geometry();
        float[] parameter = a.floats("parameter");
        float[] gradient = a.floats("gradient");
        float[] first = a.floats("first");
        float[] second = a.floats("second");
        int p0 = a.offset("parameter");
        int g0 = a.offset("gradient");
        int m0 = a.offset("first");
        int v0 = a.offset("second");
        float rate = (float) a.scalar("learning_rate");
        float stepSize = (float) a.scalar("step_size");
        float root = (float) a.scalar("root");
        a.device().forEach(FloatTiles.parts(g.count(), CHUNK), 2.0 * g.count(), (workspace, chunk) -> {
            int begin = chunk * CHUNK;
            int count = Math.min(CHUNK, g.count() - begin);
            float[] grad = workspace.coefficients(CHUNK);
            gradient(g, rate, parameter, p0 + begin, gradient, g0 + begin, grad, count);
            moments(g, grad, first, m0 + begin, second, v0 + begin, count);
            update(
                    stepSize,
                    root,
                    (float) g.epsilon(),
                    parameter,
                    p0 + begin,
                    first,
                    m0 + begin,
                    second,
                    v0 + begin,
                    count);
        });
    }

    /** The gradient with weight decay; with decoupled decay the parameter shrinks instead. */
    private static void gradient(
            Adam g, float rate, float[] parameter, int p0, float[] gradient, int g0, float[] grad, int count) {
        float decay = (float) g.weightDecay();
        if (decay == 0 || g.decoupled()) {
            System.arraycopy(gradient, g0, grad, 0, count);
        } else {
            for (int i = 0; i < count; i++) {
                grad[i] = gradient[g0 + i] + decay * parameter[p0 + i];
            }
        }
        if (decay != 0 && g.decoupled()) {
            float shrink = rate * decay;
            for (int i = 0; i < count; i++) {
                parameter[p0 + i] -= shrink * parameter[p0 + i];
            }
        }
    }

    private static void moments(Adam g, float[] grad, float[] first, int m0, float[] second, int v0, int count) {
        float share1 = (float) (1 - g.beta1());
        float share2 = (float) (1 - g.beta2());
        float beta2 = (float) g.beta2();
        for (int i = 0; i < count; i++) {
            first[m0 + i] += share1 * (grad[i] - first[m0 + i]);
        }
        for (int i = 0; i < count; i++) {
            second[v0 + i] = beta2 * second[v0 + i] + share2 * grad[i] * grad[i];
        }
    }

    private static void update(
            float stepSize,
            float root,
            float epsilon,
            float[] parameter,
            int p0,
            float[] first,
            int m0,
            float[] second,
            int v0,
            int count) {
        for (int i = 0; i < count; i++) {
            float deviation = (float) Math.sqrt(second[v0 + i]) * root + epsilon;
            parameter[p0 + i] -= stepSize * (first[m0 + i] / deviation);
        }
    }
}
