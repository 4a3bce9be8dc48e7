package dev.clave.op;

import java.util.Arrays;

/** The batch gather on the CPU, row by row, one owner per sample. */
final class GatherImagesCpuFast implements CpuFast {
    @Override
    public void run(Problem problem, CpuArguments a) {
        GatherImages g = (GatherImages) problem.geometry();
        byte[] images = a.bytes("images");
        float[] output = a.floats("output");
        int[] labels = a.ints("labels");
        int[] order = a.ints("order");
        int[] batchLabels = a.ints("batchLabels");
        int imagesFirst = a.offset("images");
        int outputFirst = a.offset("output");
        int labelsFirst = a.offset("labels");
        int orderFirst = a.offset("order") + (int) a.scalar("first");
        int batchLabelsFirst = a.offset("batchLabels");
        int live = (int) a.scalar("live");
        int oh = g.h() + 2 * g.pad();
        int ow = g.w() + 2 * g.pad();
        a.device().forEach(g.n(), (double) g.n() * g.c() * oh * ow, (workspace, n) -> {
            int to = outputFirst + n * g.c() * oh * ow;
            boolean present = n < live;
            int source = present ? order[orderFirst + n] : -1;
            batchLabels[batchLabelsFirst + n] = present ? labels[labelsFirst + source] : g.ignoreIndex();
            Arrays.fill(output, to, to + g.c() * oh * ow, present ? -1 : 0);
            for (int row = 0; present && row < g.c() * g.h(); row++) {
                int from = imagesFirst + (source * g.c() * g.h() + row) * g.w();
                int at = to + (row / g.h() * oh + row % g.h() + g.pad()) * ow + g.pad();
                for (int x = 0; x < g.w(); x++) {
                    // In single precision as on a device: the reciprocal is rounded before the product.
                    output[at + x] = ((images[from + x] & 255) - 127.5f) * (float) (1 / 127.5);
                }
            }
        });
    }
}
