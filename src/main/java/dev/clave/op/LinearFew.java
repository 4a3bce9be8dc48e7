package dev.clave.op;

import java.util.Arrays;

/**
 * A linear layer of so few samples that the rows of a matrix product would hardly fill a vector. An output is a sum in the
 * order of the inputs, begun with the bias. While the weights stay as they are, they are kept turned, one row per input, so
 * that C2 vectorises over outputs; sums are the same to the bit.
 */
final class LinearFew {
    /** Outputs of a task. */
    private static final int OUTPUTS = 256;
    /** Fewer outputs would hardly fill a vector. */
    private static final int WIDE = 32;
    /** Larger weights are not kept twice: reading them takes longer than the sums. */
    private static final int LARGE = 1 << 20;
    /** What a thread does without vectors, roughly. */
    private static final double FLOPS_PER_NANO = 8;

    private final int samples;
    private final int groups;
    /** Inputs and outputs of a group. */
    private final int c;

    private final int k;
    private final Reals.Floats input;
    private final Reals.Floats weight;
    private final Reals.Floats output;
    private final Reals.Floats bias;
    private final boolean biased;

    private LinearFew(Conv2d g, CpuArguments a) {
        samples = g.n();
        groups = g.groups();
        c = g.c() / groups;
        k = g.k() / groups;
        input = a.view("input");
        weight = a.view("weight");
        output = a.view("output");
        biased = g.bias();
        bias = biased ? a.view("bias") : input;
    }

    /** A convolution whose input is one pixel, as large as the window. */
    static void forward(Problem problem, Conv2d g, CpuArguments a) {
        LinearFew layer = new LinearFew(g, a);
        boolean turns = layer.k >= WIDE && (long) g.k() * layer.c <= LARGE;
        float[][] rows = turns ? a.kept("weight", layer::turned) : new float[0][];
        int parts = FloatTiles.parts(layer.k, OUTPUTS);
        a.device()
                .forEach(layer.samples * layer.groups * parts, problem.flops() / FLOPS_PER_NANO, (workspace, task) -> {
                    int block = task / parts;
                    int begin = FloatTiles.begin(layer.k, parts, task % parts);
                    int end = FloatTiles.begin(layer.k, parts, task % parts + 1);
                    if (rows.length > 0) {
                        layer.wide(block, begin, end, rows, workspace.coefficients(layer.k));
                    } else {
                        layer.narrow(block, begin, end);
                    }
                });
    }

    /** Row of an input of a group: its weight in each of the group's outputs. */
    private float[][] turned() {
        float[][] rows = new float[groups * c][k];
        for (int row = 0; row < rows.length; row++) {
            int first = weight.offset + row / c * k * c + row % c;
            for (int j = 0; j < k; j++) {
                rows[row][j] = weight.values[first + j * c];
            }
        }
        return rows;
    }

    /** Outputs begin to end of a sample and group; every array is read at the loop index, as {@link FloatTiles} says. */
    private void wide(int block, int begin, int end, float[][] rows, float[] sums) {
        int first = block % groups * k;
        if (biased) {
            System.arraycopy(bias.values, bias.offset + first + begin, sums, begin, end - begin);
        } else {
            Arrays.fill(sums, begin, end, 0);
        }
        int row = block % groups * c;
        float[] in = input.values;
        int x = input.offset + block * c;
        int i = 0;
        for (; i + 4 <= c; i += 4) {
            add(
                    sums,
                    rows[row + i],
                    rows[row + i + 1],
                    rows[row + i + 2],
                    rows[row + i + 3],
                    in[x + i],
                    in[x + i + 1],
                    in[x + i + 2],
                    in[x + i + 3],
                    begin,
                    end);
        }
        for (; i < c; i++) {
            add(sums, rows[row + i], in[x + i], begin, end);
        }
        System.arraycopy(sums, begin, output.values, output.offset + block * k + begin, end - begin);
    }

    private static void add(
            float[] sums,
            float[] b0,
            float[] b1,
            float[] b2,
            float[] b3,
            float a0,
            float a1,
            float a2,
            float a3,
            int begin,
            int end) {
        for (int j = begin; j < end; j++) {
            sums[j] = sums[j] + a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j];
        }
    }

    private static void add(float[] sums, float[] b, float a, int begin, int end) {
        for (int j = begin; j < end; j++) {
            sums[j] += a * b[j];
        }
    }

    /** Outputs begin to end of a sample and group, eight at a time so that an addition need not wait for the one before. */
    private void narrow(int block, int begin, int end) {
        int j = begin;
        for (; j + 8 <= end; j += 8) {
            eight(block, j);
        }
        if (j < end && end - 8 >= begin) {
            eight(block, end - 8); // some of them once more, which takes no longer than those left
            return;
        }
        for (; j < end; j++) {
            one(block, j);
        }
    }

    private float start(int block, int j) {
        return biased ? bias.values[bias.offset + block % groups * k + j] : 0;
    }

    private void one(int block, int j) {
        int w = weight.offset + (block % groups * k + j) * c;
        int x = input.offset + block * c;
        float sum = start(block, j);
        for (int i = 0; i < c; i++) {
            sum += input.values[x + i] * weight.values[w + i];
        }
        output.values[output.offset + block * k + j] = sum;
    }

    private void eight(int block, int j) {
        float[] in = input.values;
        float[] w = weight.values;
        int x = input.offset + block * c;
        int w0 = weight.offset + (block % groups * k + j) * c;
        int w1 = w0 + c;
        int w2 = w1 + c;
        int w3 = w2 + c;
        int w4 = w3 + c;
        int w5 = w4 + c;
        int w6 = w5 + c;
        int w7 = w6 + c;
        float s0 = start(block, j);
        float s1 = start(block, j + 1);
        float s2 = start(block, j + 2);
        float s3 = start(block, j + 3);
        float s4 = start(block, j + 4);
        float s5 = start(block, j + 5);
        float s6 = start(block, j + 6);
        float s7 = start(block, j + 7);
        for (int i = 0; i < c; i++) {
            float value = in[x + i];
            s0 += value * w[w0 + i];
            s1 += value * w[w1 + i];
            s2 += value * w[w2 + i];
            s3 += value * w[w3 + i];
            s4 += value * w[w4 + i];
            s5 += value * w[w5 + i];
            s6 += value * w[w6 + i];
            s7 += value * w[w7 + i];
        }
        float[] to = output.values;
        int at = output.offset + block * k + j;
        to[at] = s0;
        to[at + 1] = s1;
        to[at + 2] = s2;
        to[at + 3] = s3;
        to[at + 4] = s4;
        to[at + 5] = s5;
        to[at + 6] = s6;
        to[at + 7] = s7;
    }
}
