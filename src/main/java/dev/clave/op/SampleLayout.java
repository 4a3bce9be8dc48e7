package dev.clave.op;

import dev.clave.Shape;

/** Physical extents of a batch, [blocks, sample..., lanes], and strides of operands that may be one for all samples. */
final class SampleLayout {
    private SampleLayout() {}

    /** Physical shape of an operand: a batch of samples, or one value all samples share. */
    static Shape operand(Format format, int n, Shape sample, boolean shared) {
        return shared ? sample : format.samples(n, sample.toArray());
    }

    static int[] extents(Format format, int n, int[] sample) {
        int[] all = new int[sample.length + 2];
        all[0] = format.blocks(n);
        System.arraycopy(sample, 0, all, 1, sample.length);
        all[all.length - 1] = format.lanes();
        return all;
    }

    /**
     * Strides of an operand along [blocks, axes..., lanes].
     *
     * @param axes stride along each axis of the output in elements of a sample, 0 to repeat
     * @param elements of one sample of the operand
     */
    static int[] strides(Format format, int[] axes, int elements, boolean shared) {
        int lanes = shared ? 1 : format.lanes();
        int[] all = new int[axes.length + 2];
        all[0] = shared ? 0 : Math.multiplyExact(elements, lanes);
        for (int i = 0; i < axes.length; i++) {
            all[i + 1] = axes[i] * lanes;
        }
        all[all.length - 1] = shared ? 0 : 1;
        return all;
    }

    /** Strides of a shape broadcast to others, axes aligned at the last; repeated axes get 0. */
    static int[] broadcast(int[] extents, int[] output) {
        int[] dense = StridedIndex.dense(extents, 1);
        int[] strides = new int[output.length];
        int shift = output.length - extents.length;
        for (int i = 0; i < extents.length; i++) {
            strides[i + shift] = extents[i] == 1 ? 0 : dense[i];
        }
        return strides;
    }

    /**
     * The shape two shapes broadcast to, as in NumPy.
     *
     * @throws IllegalArgumentException when they do not fit
     */
    static int[] broadcastShape(String what, int[] a, int[] b) {
        int rank = Math.max(a.length, b.length);
        int[] output = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int left = i <= a.length ? a[a.length - i] : 1;
            int right = i <= b.length ? b[b.length - i] : 1;
            if (left != right && left != 1 && right != 1) {
                throw new IllegalArgumentException(what + ": shapes " + java.util.Arrays.toString(a) + " and "
                        + java.util.Arrays.toString(b) + " do not broadcast");
            }
            output[rank - i] = left == 1 ? right : left;
        }
        return output;
    }
}
