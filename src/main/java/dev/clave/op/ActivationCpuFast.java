package dev.clave.op;

import dev.clave.internal.cpu.Workspace;

/** Activations on the CPU over float arrays, in chunks. */
final class ActivationCpuFast implements CpuFast {
    private static final int CHUNK = 8192;

    @Override
    public void run(Problem problem, CpuArguments a) {
        Activation g = (Activation) problem.geometry();
        int total = g.n() * g.features();
        double nanos = total * (g.kind() == Activation.Kind.SIGMOID ? 2.0 : 0.5);
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
                apply(workspace, g.kind(), slope, input, x + begin, output, y + begin, count);
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

    private static void apply(
            Workspace workspace, Activation.Kind kind, float slope, float[] in, int x, float[] out, int y, int count) {
        switch (kind) {
            case TANH, SIGMOID -> {
                // In a row of the workspace, which begins at the loop index, and which tensors share with nobody.
                float[] row = workspace.sums(1)[0];
                for (int i = 0; i < count; i += row.length) {
                    int part = Math.min(row.length, count - i);
                    System.arraycopy(in, x + i, row, 0, part);
                    if (kind == Activation.Kind.TANH) {
                        FloatFunctions.tanh(row, part);
                    } else {
                        FloatFunctions.sigmoid(workspace, row, part);
                    }
                    System.arraycopy(row, 0, out, y + i, part);
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
}
