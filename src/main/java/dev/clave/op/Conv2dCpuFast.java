package dev.clave.op;

import dev.clave.internal.cpu.CpuDevice;
import dev.clave.internal.cpu.Workspace;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolution on the CPU as matrix products over the patch matrix, of which a block exists at a time. The cut into tasks
 * follows from the shape; every output element has one owner and one order of summation.
 *
 * <p>The patch matrix holds zeros where the window lies in the padding, and zero times infinity is NaN: where that could
 * show, the definition in {@link Conv2dCpu} computes.
 */
final class Conv2dCpuFast implements CpuFast {
    /** Rows of sums of one task: they stay in the second-level cache. */
    private static final int ROWS = 256;

    private static final int DEPTH = 256;
    /** Tasks that keep a few cores busy. */
    private static final int ENOUGH = 4;

    private static final int CHUNKS = 8;
    /** Samples of a linear layer that do not fill a vector: with fewer each output is a sum of its own. */
    private static final int FEW = 6;
    /** Weights of a tile that is computed pair by pair: short rows of patches would waste the vectors. */
    private static final int PAIRS = 160;

    @Override
    public @Nullable String refuses(Problem problem) {
        Conv2d g = (Conv2d) problem.geometry();
        int taps = g.window().kh() * g.window().kw();
        boolean large = taps > Workspace.WIDTH && problem.direction().equals("backwardWeight");
        return large ? "a window of " + taps + " taps is wider than " + Workspace.WIDTH : null;
    }

    @Override
    public void run(Problem problem, CpuArguments a) {
        Conv2d g = (Conv2d) problem.geometry();
        switch (problem.direction()) {
            case "forward" -> forward(problem, g, a);
            case "backwardInput" -> backwardInput(problem, g, a);
            case "backwardWeight" -> backwardWeight(problem, g, a);
            case "backwardBias" -> backwardBias(g, a);
            default -> throw Problem.unknown(g, problem.direction());
        }
    }

    /** Into how many parts a number of rows is cut, given that there are other tasks beside. */
    private static int rowParts(int rows, int most, int others, int least) {
        return Math.max(
                FloatTiles.parts(rows, most),
                Math.min(FloatTiles.parts(ENOUGH, Math.max(1, others)), FloatTiles.parts(rows, least)));
    }

    /** output[k][position] = bias[k] + weight[k][patch] * patches[patch][position]. */
    private static void forward(Problem problem, Conv2d g, CpuArguments a) {
        float[] input = a.floats("input");
        float[] weight = a.floats("weight");
        float[] output = a.floats("output");
        float[] bias = g.bias() ? a.floats("bias") : new float[0];
        int in = a.offset("input");
        int out = a.offset("output");
        int w = a.offset("weight");
        int b = g.bias() ? a.offset("bias") : 0;
        Im2col patches = Im2col.of(g);
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        int sums = cg * patches.taps();
        if (patches.pointwise() && patches.plane() == 1 && g.n() < FEW) {
            LinearFew.forward(problem, g, a);
            return;
        }
        if (patches.padded() && !finite(weight, w, g.k() * sums)) {
            new Conv2dCpu().run(problem, a);
            return;
        }
        int each = Math.max(1, DEPTH / patches.taps());
        int positions = g.n() * patches.plane();
        int columns = FloatTiles.parts(positions, Workspace.WIDTH);
        // Each part copies the patches anew.
        int parts = CpuDevice.isShort(problem.flops() / FloatTiles.FLOPS_PER_NANO)
                ? FloatTiles.parts(kg, ROWS)
                : rowParts(kg, ROWS, columns * g.groups(), 6);
        a.device()
                .forEach(
                        g.groups() * parts * columns,
                        problem.flops() / FloatTiles.FLOPS_PER_NANO,
                        (workspace, task) -> {
                            int begin = FloatTiles.begin(positions, columns, task % columns);
                            int end = FloatTiles.begin(positions, columns, task % columns + 1);
                            int group = task / columns / parts;
                            int k = group * kg + FloatTiles.begin(kg, parts, task / columns % parts);
                            int rows = group * kg + FloatTiles.begin(kg, parts, task / columns % parts + 1) - k;
                            float[][] result = workspace.sums(rows);
                            for (int m = 0; m < rows; m++) {
                                Arrays.fill(result[m], 0, end - begin, g.bias() ? bias[b + k + m] : 0);
                            }
                            for (int c = 0; c < cg; c += each) {
                                int channels = Math.min(each, cg - c);
                                int depth = channels * patches.taps();
                                float[][] operand = workspace.operands(depth);
                                patches.block(workspace, input, in, group * cg + c, channels, begin, end, operand);
                                int first = w + k * sums + c * patches.taps();
                                FloatTiles.multiply(weight, first, sums, 1, rows, operand, depth, result, end - begin);
                            }
                            for (int m = 0; m < rows; m++) {
                                patches.unpack(result[m], output, out, g.k(), k + m, begin, end);
                            }
                        });
    }

    /** Patch gradients = weight^T * gradOutput, added up where patches overlap. A task owns channels of some samples. */
    private static void backwardInput(Problem problem, Conv2d g, CpuArguments a) {
        float[] gradOutput = a.floats("gradOutput");
        float[] weight = a.floats("weight");
        float[] gradInput = a.floats("gradInput");
        int from = a.offset("gradOutput");
        int w = a.offset("weight");
        int to = a.offset("gradInput");
        Im2col patches = Im2col.of(g);
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        int taps = patches.taps();
        int each = Math.max(1, Workspace.WIDTH / patches.plane());
        int batches = FloatTiles.parts(g.n(), each);
        int parts = rowParts(cg, Math.max(1, ROWS / taps), batches * g.groups(), 1);
        a.device()
                .forEach(
                        g.groups() * parts * batches,
                        problem.flops() / FloatTiles.FLOPS_PER_NANO,
                        (workspace, task) -> {
                            int sample = FloatTiles.begin(g.n(), batches, task % batches);
                            int samples = FloatTiles.begin(g.n(), batches, task % batches + 1) - sample;
                            int group = task / batches / parts;
                            int c = FloatTiles.begin(cg, parts, task / batches % parts);
                            int channels = FloatTiles.begin(cg, parts, task / batches % parts + 1) - c;
                            int pixels = g.h() * g.w();
                            for (int n = sample; n < sample + samples && !patches.pointwise(); n++) {
                                int plane = to + (n * g.c() + group * cg + c) * pixels;
                                Arrays.fill(gradInput, plane, plane + channels * pixels, 0);
                            }
                            int positions = samples * patches.plane();
                            int columns = FloatTiles.parts(positions, Workspace.WIDTH);
                            float[][] result = workspace.sums(channels * taps);
                            for (int column = 0; column < columns; column++) {
                                int begin = sample * patches.plane() + FloatTiles.begin(positions, columns, column);
                                int end = sample * patches.plane() + FloatTiles.begin(positions, columns, column + 1);
                                for (int m = 0; m < channels * taps; m++) {
                                    Arrays.fill(result[m], 0, end - begin, 0);
                                }
                                for (int p = 0; p < kg; p += DEPTH) {
                                    int depth = Math.min(DEPTH, kg - p);
                                    float[][] operand = workspace.operands(depth);
                                    for (int i = 0; i < depth; i++) {
                                        patches.pack(
                                                gradOutput, from, g.k(), group * kg + p + i, begin, end, operand[i]);
                                    }
                                    int first = w + ((group * kg + p) * cg + c) * taps;
                                    FloatTiles.multiply(
                                            weight,
                                            first,
                                            1,
                                            cg * taps,
                                            channels * taps,
                                            operand,
                                            depth,
                                            result,
                                            end - begin);
                                }
                                for (int m = 0; m < channels * taps; m++) {
                                    int channel = group * cg + c + m / taps;
                                    if (patches.pointwise()) {
                                        patches.unpack(result[m], gradInput, to, g.c(), channel, begin, end);
                                    } else if (!patches.shifts()) {
                                        patches.addPatchRow(result[m], gradInput, to, channel, m % taps, begin, end);
                                    } else if (m % taps == 0) {
                                        patches.addPatchRows(result, m, gradInput, to, channel, begin, end, workspace);
                                    }
                                }
                            }
                        });
    }

    /** gradWeight[k][patch] = gradOutput[k][position] * patches^T; few weights are cut along positions, into partial sums. */
    private static void backwardWeight(Problem problem, Conv2d g, CpuArguments a) {
        float[] gradWeight = a.floats("gradWeight");
        int to = a.offset("gradWeight");
        Im2col patches = Im2col.of(g);
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        int total = g.k() * cg * patches.taps();
        int parts = FloatTiles.parts(cg, Workspace.WIDTH / patches.taps());
        int rowParts = rowParts(kg, ROWS, ENOUGH, 6);
        int tiles = g.groups() * rowParts * parts;
        int positions = g.n() * patches.plane();
        int chunks = tiles >= ENOUGH ? 1 : Math.max(1, Math.min(CHUNKS, positions / DEPTH));
        if (chunks == 1 && tiles < ENOUGH) {
            rowParts = rowParts(kg, ROWS, g.groups() * parts, 6);
        }
        int rowsCut = rowParts;
        int tasks = g.groups() * rowsCut * parts;
        float[] partial = chunks == 1 ? gradWeight : new float[chunks * total];
        WeightTile tile = new WeightTile(g, patches, a.view("input"), a.view("gradOutput"));
        a.device().forEach(tasks * chunks, problem.flops() / FloatTiles.FLOPS_PER_NANO, (workspace, task) -> {
            int chunk = task / tasks;
            int group = task % tasks / parts / rowsCut;
            int row = task % tasks / parts % rowsCut;
            int part = task % parts;
            tile.compute(
                    workspace,
                    group * kg + FloatTiles.begin(kg, rowsCut, row),
                    group * kg + FloatTiles.begin(kg, rowsCut, row + 1),
                    group * cg,
                    FloatTiles.begin(cg, parts, part),
                    FloatTiles.begin(cg, parts, part + 1),
                    FloatTiles.begin(positions, chunks, chunk),
                    FloatTiles.begin(positions, chunks, chunk + 1),
                    partial,
                    chunks == 1 ? to : chunk * total);
        });
        for (int i = 0; chunks > 1 && i < total; i++) {
            double sum = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                sum += partial[chunk * total + i];
            }
            gradWeight[to + i] = (float) sum;
        }
        if (patches.padded() && !finite(gradWeight, to, total)) {
            new Conv2dCpu().run(problem, a);
        }
    }

    private record WeightTile(Conv2d g, Im2col patches, Reals.Floats input, Reals.Floats gradOutput) {

        /** Weights kBegin..kEnd by channels cBegin..cEnd of a group, summed over positions begin..end. */
        void compute(
                Workspace workspace,
                int kBegin,
                int kEnd,
                int groupFirst,
                int cBegin,
                int cEnd,
                int begin,
                int end,
                float[] target,
                int first) {
            int taps = patches.taps();
            int rows = kEnd - kBegin;
            int width = (cEnd - cBegin) * taps;
            if (width * rows <= PAIRS) {
                computePairs(
                        workspace, kBegin, rows, groupFirst + cBegin, cEnd - cBegin, begin, end, target, first, cBegin);
                return;
            }
            float[][] sums = workspace.sums(rows);
            for (int m = 0; m < rows; m++) {
                Arrays.fill(sums[m], 0, width, 0);
            }
            float[] row = workspace.operands(DEPTH + 1)[DEPTH];
            float[] coefficients = workspace.coefficients(rows * DEPTH);
            for (int p = begin; p < end; p += DEPTH) {
                int depth = Math.min(DEPTH, end - p);
                float[][] operand = workspace.operands(DEPTH);
                for (int i = 0; i < depth; i++) {
                    patches.patchColumn(
                            input.values, input.offset, groupFirst + cBegin, cEnd - cBegin, p + i, operand[i]);
                }
                for (int m = 0; m < rows; m++) {
                    patches.pack(gradOutput.values, gradOutput.offset, g.k(), kBegin + m, p, p + depth, row);
                    System.arraycopy(row, 0, coefficients, m * DEPTH, depth);
                }
                FloatTiles.multiply(coefficients, 0, DEPTH, 1, rows, operand, depth, sums, width);
            }
            int cg = g.c() / g.groups();
            for (int m = 0; m < rows; m++) {
                System.arraycopy(sums[m], 0, target, first + ((kBegin + m) * cg + cBegin) * taps, width);
            }
        }

        /** Each weight on its own: a row of running sums over positions, added up at the end. */
        private void computePairs(
                Workspace workspace,
                int kBegin,
                int rows,
                int channel,
                int channels,
                int begin,
                int end,
                float[] target,
                int first,
                int cBegin) {
            int width = channels * patches.taps();
            float[][] sums = workspace.sums(rows * width);
            for (int i = 0; i < rows * width; i++) {
                Arrays.fill(sums[i], 0);
            }
            for (int p = begin; p < end; p += Workspace.WIDTH) {
                int count = Math.min(Workspace.WIDTH, end - p);
                float[][] operand = workspace.operands(width + 1);
                float[] gradient = operand[width];
                patches.block(workspace, input.values, input.offset, channel, channels, p, p + count, operand);
                for (int m = 0; m < rows; m++) {
                    patches.pack(gradOutput.values, gradOutput.offset, g.k(), kBegin + m, p, p + count, gradient);
                    int i = 0;
                    for (; i + 3 <= width; i += 3) {
                        int at = m * width + i;
                        FloatTiles.multiplyEach(
                                sums[at],
                                sums[at + 1],
                                sums[at + 2],
                                gradient,
                                operand[i],
                                operand[i + 1],
                                operand[i + 2],
                                count);
                    }
                    for (; i < width; i++) {
                        FloatTiles.multiplyEach(sums[m * width + i], gradient, operand[i], count);
                    }
                }
            }
            int cg = g.c() / g.groups();
            for (int i = 0; i < rows * width; i++) {
                int at = first + ((kBegin + i / width) * cg + cBegin) * patches.taps() + i % width;
                target[at] = (float) FloatTiles.sum(sums[i], 0, Workspace.WIDTH);
            }
        }
    }

    private static void backwardBias(Conv2d g, CpuArguments a) {
        float[] gradOutput = a.floats("gradOutput");
        float[] gradBias = a.floats("gradBias");
        int from = a.offset("gradOutput");
        int to = a.offset("gradBias");
        int plane = g.oh() * g.ow();
        a.device().forEach(g.k(), (double) g.n() * g.k() * plane, (workspace, k) -> {
            double sum = 0;
            for (int n = 0; n < g.n(); n++) {
                sum += FloatTiles.sum(gradOutput, from + (n * g.k() + k) * plane, plane);
            }
            gradBias[to + k] = (float) sum;
        });
    }

    private static boolean finite(float[] values, int first, int count) {
        for (int i = first; i < first + count; i++) {
            if (!Float.isFinite(values[i])) {
                return false;
            }
        }
        return true;
    }
}
