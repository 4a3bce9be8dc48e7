package dev.clave.op;

/** The batch gather in pure Java. */
final class GatherImagesCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        GatherImages g = (GatherImages) problem.geometry();
        byte[] images = a.bytes("images");
        int[] labels = a.ints("labels");
        int[] order = a.ints("order");
        int[] batchLabels = a.ints("batchLabels");
        Reals output = a.reals("output");
        int first = (int) a.scalar("first");
        int live = (int) a.scalar("live");
        int oh = g.h() + 2 * g.pad();
        int ow = g.w() + 2 * g.pad();
        for (int n = 0; n < g.n(); n++) {
            int source = n < live ? order[a.offset("order") + first + n] : -1;
            batchLabels[a.offset("batchLabels") + n] =
                    source < 0 ? g.ignoreIndex() : labels[a.offset("labels") + source];
            for (int i = 0; i < g.c() * oh * ow; i++) {
                int x = i % ow - g.pad();
                int y = i / ow % oh - g.pad();
                double value = source < 0 ? 0 : -1;
                if (source >= 0 && x >= 0 && x < g.w() && y >= 0 && y < g.h()) {
                    int pixel =
                            images[a.offset("images") + ((source * g.c() + i / ow / oh) * g.h() + y) * g.w() + x] & 255;
                    // In single precision as on a device: the reciprocal is rounded before the product.
                    value = (pixel - 127.5f) * (float) (1 / 127.5);
                }
                output.set(n * g.c() * oh * ow + i, value);
            }
        }
    }
}
