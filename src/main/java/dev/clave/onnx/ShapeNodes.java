package dev.clave.onnx;

import dev.clave.Shape;
import java.util.Arrays;

/** Nodes that exporters write to tell Reshape how long axes are: whole numbers known while a graph is made, and axes of 1. */
final class ShapeNodes extends NodeReader {
    /** The length of the batch axis, which stays open: it may be picked and joined, and Reshape takes it in front. */
    private static final long BATCH = Long.MIN_VALUE;

    ShapeNodes(Importer importer, OnnxNode node, Attributes attributes) {
        super(importer, node, attributes);
    }

    /** A target of Reshape whose first axis copies the batch, 0, where it was told the batch's length. */
    static long[] copyingBatch(long[] target, Attributes attributes) {
        long[] copy = target.clone();
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] == BATCH && i > 0) {
                throw attributes.refuse("moves the batch axis to axis " + i + "; run the model as a session");
            }
            copy[i] = copy[i] == BATCH ? 0 : copy[i];
        }
        return copy;
    }

    void shape() {
        int[] extents = extents(0);
        int start = place(attributes.whole("start", 0), extents.length);
        int end = place(attributes.whole("end", extents.length), extents.length);
        long[] lengths = Arrays.stream(extents, start, Math.max(start, end))
                .mapToLong(extent -> extent < 0 ? BATCH : extent)
                .toArray();
        known(Shape.of(lengths.length), lengths);
    }

    /** A place in a list, counted from its end when negative, within the list. */
    private static int place(long given, int length) {
        return (int) Math.max(0, Math.min(length, given < 0 ? given + length : given));
    }

    void gather() {
        long[] from = list(0);
        axis(attributes.whole("axis", 0), 1);
        long[] picked = wholes(1).clone();
        for (int i = 0; i < picked.length; i++) {
            picked[i] = from[axis(picked[i], from.length)];
        }
        known(Shape.of(extents(1)), picked);
    }

    void slice() {
        long[] from = list(0);
        boolean old = importer.opset() < 10;
        int start = place(old ? list("starts")[0] : list(1)[0], from.length);
        int end = place(old ? list("ends")[0] : list(2)[0], from.length);
        if (has(3)) {
            axis(list(3)[0], 1);
        }
        if (has(4) && list(4)[0] != 1) {
            throw attributes.refuse("steps other than 1 are not supported");
        }
        long[] part = Arrays.copyOfRange(from, start, Math.max(start, end));
        known(Shape.of(part.length), part);
    }

    void join() {
        long[] all = {};
        for (int i = 0; i < node.inputs().size(); i++) {
            long[] part = list(i);
            all = Arrays.copyOf(all, all.length + part.length);
            System.arraycopy(part, 0, all, all.length - part.length, part.length);
        }
        known(Shape.of(all.length), all);
    }

    /** Whole numbers of one axis; a list of one at least where one is read. */
    private long[] list(int input) {
        if (extents(input).length != 1 || !isWhole(input) || wholes(input).length == 0) {
            throw attributes.refuse(
                    "works on lists of whole numbers only, '" + item(input).name() + "' is none");
        }
        return wholes(input);
    }

    private int[] list(String name) {
        int[] list = attributes.ints(name, 1, null);
        if (list == null) {
            throw attributes.refuse("attribute '" + name + "' is missing");
        }
        return list;
    }

    /** Whether an input is known whole numbers. */
    boolean isWhole(int input) {
        OnnxTensor constant = item(input).constant();
        return constant != null && constant.wholes() != null;
    }

    /** Whole numbers stay what they are, and so do those we compute with. */
    void cast() {
        long wanted = attributes.whole("to", 0);
        if (wanted != (isWhole(0) ? OnnxTensor.INT64 : OnnxTensor.FLOAT)) {
            throw attributes.refuse("casts to " + OnnxTensor.typeName((int) wanted) + ", which is not supported");
        }
        put(0, item(0));
    }

    void squeeze() {
        int[] extents = extents(0);
        long[] axes = axes();
        boolean[] gone = new boolean[extents.length];
        for (int i = 0; axes == null && i < gone.length; i++) {
            gone[i] = extents[i] == 1;
        }
        for (int i = 0; axes != null && i < axes.length; i++) {
            int axis = axis(axes[i], extents.length);
            if (extents[axis] != 1) {
                throw attributes.refuse("squeezes axis " + axis + " of " + Arrays.toString(extents));
            }
            gone[axis] = true;
        }
        int[] left = new int[extents.length];
        int count = 0;
        for (int i = 0; i < extents.length; i++) {
            if (!gone[i]) {
                left[count++] = extents[i];
            }
        }
        reshaped(Arrays.copyOf(left, count));
    }

    void unsqueeze() {
        int[] extents = extents(0);
        long[] axes = axes();
        if (axes == null) {
            throw attributes.refuse("axes are missing");
        }
        int[] all = new int[extents.length + axes.length];
        for (long axis : axes) {
            int fresh = axis(axis, all.length);
            if (all[fresh] == 1) {
                throw attributes.refuse("axes " + Arrays.toString(axes) + " name one twice");
            }
            all[fresh] = 1;
        }
        int next = 0;
        for (int i = 0; i < all.length; i++) {
            all[i] = all[i] == 1 ? 1 : extents[next++];
        }
        reshaped(all);
    }

    /** The input in another shape as the file counts it. */
    private void reshaped(int... shape) {
        OnnxTensor constant = item(0).constant();
        if (constant != null) {
            String name = node.outputs().get(0);
            put(
                    0,
                    Item.of(
                            new OnnxTensor(
                                    name, constant.type(), Shape.of(shape), constant.floats(), constant.wholes()),
                            name));
        } else if (lead() == 1 && (shape.length == 0 || shape[0] != -1)) {
            throw attributes.refuse("moves the batch axis; run the model as a session");
        } else {
            put(view(value(0), Arrays.copyOfRange(shape, lead(), shape.length)));
        }
    }

    private void known(Shape shape, long... wholes) {
        String name = node.outputs().get(0);
        put(0, Item.of(new OnnxTensor(name, OnnxTensor.INT64, shape, null, wholes), name));
    }
}
