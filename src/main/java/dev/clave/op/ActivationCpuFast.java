package dev.clave.op;

/** Activations on the CPU over float arrays, in chunks. */
final class ActivationCpuFast implements CpuFast {
    private static final int CHUNK = 8192;

    @Override
    public void run(Problem problem, CpuArguments a) {
        Activation g = (Activation) problem.geometry();
        int total = g.n() * g.features();
        // Two exponentials against a comparison.
        double nanos = total * (g.kind() == Activation.Kind.TANH || g.kind() == Activation.Kind.SIGMOID ? 8.0 : 0.5);
        float[] output = a.floats("output");
        int y = a.offset("output");
        float slope = (float) g.slope();
        int chunks = FloatTiles.parts(total, CHUNK);
        if (problem.direction().equals("forward")) {
            float[] input = a.floats("input");
            int x = a.offset("input");
            a.device().forEach(chunks, nanos, (workspace, chunk) -> {
                int begin = chunk * CHUNK;
                int count = Math.min(CHUNK, total - begin);
                apply(g.kind(), slope, input, x + begin, output, y + begin, count);
            });
            return;
        }
        float[] gradOutput = a.floats("gradOutput");
        float[] gradInput = a.floats("gradInput");
        int from = a.offset("gradOutput");
        int to = a.offset("gradInput");
        a.device().forEach(chunks, nanos, (workspace, chunk) -> {
            int begin = chunk * CHUNK;
            int count = Math.min(CHUNK, total - begin);
            derive(g.kind(), slope, output, y + begin, gradOutput, from + begin, gradInput, to + begin, count);
        });
    }

    private static void apply(Activation.Kind kind, float slope, float[] in, int x, float[] out, int y, int count) {
        switch (kind) {
            case TANH -> {
                for (int i = 0; i < count; i++) {
                    out[y + i] = (float) tanh(in[x + i]);
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < count; i++) {
                    double value = in[x + i];
                    double e = Math.exp(-Math.abs(value));
                    out[y + i] = (float) ((value < 0 ? e : 1) / (1 + e));
                }
            }
            case RELU -> {
                // max(NaN, 0) is NaN and max(-0, 0) is 0 in Java: the same as x <= 0 ? 0 : x, without a branch.
                if (x == y) {
                    // The usual case; C2 vectorises only where both arrays are read at the loop index.
                    for (int i = x; i < x + count; i++) {
                        out[i] = Math.max(in[i], 0f);
                    }
                    return;
                }
                for (int i = 0; i < count; i++) {
                    out[y + i] = Math.max(in[x + i], 0f);
                }
            }
            case LEAKY_RELU -> {
                for (int i = 0; i < count; i++) {
                    float value = in[x + i];
                    out[y + i] = value <= 0 ? slope * value : value;
                }
            }
        }
    }

    private static void derive(
            Activation.Kind kind,
            float slope,
            float[] out,
            int y,
            float[] gradOut,
            int from,
            float[] gradIn,
            int to,
            int count) {
        switch (kind) {
            case TANH -> {
                for (int i = 0; i < count; i++) {
                    double value = out[y + i];
                    gradIn[to + i] = (float) (gradOut[from + i] * (1 - value * value));
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < count; i++) {
                    double value = out[y + i];
                    gradIn[to + i] = (float) (gradOut[from + i] * (value * (1 - value)));
                }
            }
            case RELU -> {
                // A mask in place of a branch: signs are random, so a branch would be mispredicted half the time.
                for (int i = 0; i < count; i++) {
                    int mask = out[y + i] <= 0 ? 0 : -1;
                    gradIn[to + i] = Float.intBitsToFloat(Float.floatToRawIntBits(gradOut[from + i]) & mask);
                }
            }
            case LEAKY_RELU -> {
                for (int i = 0; i < count; i++) {
                    float gradient = gradOut[from + i];
                    gradIn[to + i] = out[y + i] > 0 ? gradient : slope * gradient;
                }
            }
        }
    }

    /** Hyperbolic tangent from one exponential: relative error below 1e-11, far inside half a float's last place. */
    static double tanh(double x) {
        double size = Math.abs(x);
        if (size < 1e-4) {
            return x - x * x * x / 3;
        }
        double e = Math.exp(-2 * size);
        return Math.copySign((1 - e) / (1 + e), x);
    }
}
