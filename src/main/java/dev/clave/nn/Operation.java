package dev.clave.nn;

import dev.clave.Shape;
import dev.clave.op.Activation;
import dev.clave.op.Add;
import dev.clave.op.AvgPool2d;
import dev.clave.op.BatchNormInference;
import dev.clave.op.BiasAdd;
import dev.clave.op.Broadcast;
import dev.clave.op.Concat;
import dev.clave.op.Conv2d;
import dev.clave.op.Elementwise;
import dev.clave.op.Geometry;
import dev.clave.op.LogSoftmax;
import dev.clave.op.MatMul;
import dev.clave.op.MaxPool2d;
import dev.clave.op.MaxUnpool2d;
import dev.clave.op.Softmax;
import dev.clave.op.Transpose;
import dev.clave.op.Window;
import java.util.Arrays;
import java.util.List;

/**
 * What a {@link Node} computes: the shape rule, and the geometry for a batch. Shapes are those of one sample. Where an
 * operation takes images [C,H,W] it takes [N,C,H,W] too, the leading axis folded into the batch; see {@link #folds}.
 */
public sealed interface Operation {
    /** {@return number of values it reads} */
    default int arity() {
        return 1;
    }

    /**
     * {@return slots of the operator its values are bound to, in order; parameters are bound by their own slot names}
     */
    default List<String> slots() {
        return List.of("input");
    }

    /** {@return slot of the result} */
    default String outputSlot() {
        return "output";
    }

    /** {@return direction of the operator that runs forward} */
    default String direction() {
        return "forward";
    }

    /** {@return whether a gradient can pass; without one a network serves inference only} */
    default boolean differentiable() {
        return true;
    }

    /**
     * {@return whether axes of the sample are folded into the batch, which layouts with several samples side by side
     * cannot do}
     *
     * @param inputs extents of one sample of each input
     */
    default boolean folds(List<int[]> inputs) {
        return false;
    }

    /**
     * {@return shape of the output; throws {@link IllegalArgumentException} when the inputs do not fit}
     *
     * @param inputs extents of one sample of each input
     */
    int[] output(List<int[]> inputs);

    /**
     * {@return the operator for a batch; null when nothing is computed}
     *
     * @param batch samples of a run
     * @param inputs extents of one sample of each input
     */
    Geometry geometry(int batch, List<int[]> inputs);

    /** An operation without a gradient. */
    sealed interface ForwardOnly extends Operation {
        @Override
        default boolean differentiable() {
            return false;
        }
    }

    /**
     * What the network reads: real numbers, or offsets in a plane.
     *
     * @param shape extents of one sample
     * @param offsets whether it holds offsets instead of numbers
     */
    record Input(Shape shape, boolean offsets) implements Operation {
        /**
         * Real numbers.
         *
         * @param shape extents of one sample
         */
        public Input(Shape shape) {
            this(shape, false);
        }

        @Override
        public int arity() {
            return 0;
        }

        @Override
        public int[] output(List<int[]> inputs) {
            return shape.toArray();
        }

        @Override
        public Geometry geometry(int batch, List<int[]> inputs) {
            throw new IllegalStateException("an input computes nothing");
        }
    }

    /**
     * 2-D convolution.
     *
     * @param inputs extents of one sample of each input
     * @param outputs channels or features that go out
     * @param window extents, strides, padding and dilation
     * @param groups parts the channels are cut into
     * @param bias whether a bias is added
     */
    record Convolution(int inputs, int outputs, Window window, int groups, boolean bias) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("conv2d", in.get(0));
            if (image[1] != inputs) {
                throw new IllegalArgumentException("conv2d: takes " + inputs + " channels, got " + image[1] + " (input "
                        + Arrays.toString(in.get(0)) + ")");
            }
            Conv2d g = geometry(1, in);
            Shape weight = Shape.of(outputs, inputs / groups, window.kh(), window.kw());
            if (in.size() > 1 && !Shape.of(in.get(1)).equals(weight)) {
                throw new IllegalArgumentException(
                        "conv2d: takes a weight " + weight + ", got " + Arrays.toString(in.get(1)));
            }
            if (in.size() > 2 && Shape.of(in.get(2)).elements() != outputs) {
                throw new IllegalArgumentException(
                        "conv2d: takes a bias [" + outputs + "], got " + Arrays.toString(in.get(2)));
            }
            return unfold(in.get(0), outputs, g.oh(), g.ow());
        }

        @Override
        public List<String> slots() {
            return List.of("input", "weight", "bias");
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public Conv2d geometry(int batch, List<int[]> in) {
            int[] image = image("conv2d", in.get(0));
            int n = Math.multiplyExact(batch, image[0]);
            if (groups == 1 && window.equals(Window.of(image[2], image[3]))) {
                // A kernel as large as the image is a matrix product; the weights lie in the same order.
                return new Conv2d(n, inputs * image[2] * image[3], 1, 1, outputs, Window.of(1, 1), 1, bias);
            }
            return new Conv2d(n, inputs, image[2], image[3], outputs, window, groups, bias);
        }
    }

    /**
     * Fully connected over the last axis of a flat sample: over samples, a 1x1 convolution of one pixel.
     *
     * @param inputs extents of one sample of each input
     * @param outputs channels or features that go out
     * @param bias whether a bias is added
     */
    record Dense(int inputs, int outputs, boolean bias) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            if (in.get(0).length != 1 || in.get(0)[0] != inputs) {
                throw new IllegalArgumentException("linear: takes [" + inputs + "], got " + Arrays.toString(in.get(0))
                        + (in.get(0).length > 1 ? "; flatten first" : ""));
            }
            return new int[] {outputs};
        }

        @Override
        public Conv2d geometry(int batch, List<int[]> in) {
            return new Conv2d(batch, inputs, 1, 1, outputs, Window.of(1, 1), 1, bias);
        }
    }

    /**
     * Element by element.
     *
     * @param kind which function
     * @param slope factor of values below 0
     */
    record Activate(Activation.Kind kind, double slope) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            return in.get(0);
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            return new Activation(kind, batch, elements(in.get(0)), slope);
        }
    }

    /**
     * Max pooling.
     *
     * @param window extents, strides, padding and dilation
     * @param ceil whether a last window that reaches beyond the input counts
     */
    record MaxPool(Window window, boolean ceil) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("max_pool2d", in.get(0));
            return unfold(in.get(0), image[1], window.outH(image[2], ceil), window.outW(image[3], ceil));
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public MaxPool2d geometry(int batch, List<int[]> in) {
            int[] image = image("max_pool2d", in.get(0));
            return new MaxPool2d(Math.multiplyExact(batch, image[0]), image[1], image[2], image[3], window, ceil);
        }
    }

    /**
     * Average pooling.
     *
     * @param window extents, strides, padding and dilation
     * @param ceil whether a last window that reaches beyond the input counts
     * @param countPadding whether padding counts in the divisor
     */
    record AveragePool(Window window, boolean ceil, boolean countPadding) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("avg_pool2d", in.get(0));
            return unfold(in.get(0), image[1], window.outH(image[2], ceil), window.outW(image[3], ceil));
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public AvgPool2d geometry(int batch, List<int[]> in) {
            int[] image = image("avg_pool2d", in.get(0));
            return new AvgPool2d(
                    Math.multiplyExact(batch, image[0]), image[1], image[2], image[3], window, ceil, countPadding);
        }
    }

    /**
     * Dropout; the identity outside training.
     *
     * @param p number of the function, or share that is dropped
     */
    record Dropout(double p) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            return in.get(0);
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            return geometry(batch, in, 0, 0);
        }

        /** The operator with what its mask depends on. */
        Geometry geometry(int batch, List<int[]> in, long seed, int layer) {
            return new dev.clave.op.Dropout(batch, elements(in.get(0)), p, seed, layer);
        }
    }

    /** Sum of two values of the same shape. */
    record Sum() implements Operation {
        @Override
        public int arity() {
            return 2;
        }

        @Override
        public List<String> slots() {
            return List.of("a", "b");
        }

        @Override
        public int[] output(List<int[]> in) {
            if (!Arrays.equals(in.get(0), in.get(1))) {
                throw new IllegalArgumentException(
                        "add: shapes differ, " + Arrays.toString(in.get(0)) + " and " + Arrays.toString(in.get(1)));
            }
            return in.get(0);
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            return new Add(batch, elements(in.get(0)));
        }
    }

    /**
     * Softmax or its logarithm over the last axis; axes before it are folded.
     *
     * @param log whether the logarithm is taken
     */
    record Normalise(boolean log) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            if (in.get(0).length < 1) {
                throw new IllegalArgumentException("softmax: takes [classes], got " + Arrays.toString(in.get(0)));
            }
            return in.get(0);
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length > 1;
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            int classes = in.get(0)[in.get(0).length - 1];
            int rows = Math.multiplyExact(batch, elements(in.get(0)) / Math.max(1, classes));
            return log ? new LogSoftmax(rows, classes) : new Softmax(rows, classes);
        }
    }

    /**
     * Another shape for the same elements; moves nothing in any layout.
     *
     * @param shape extents of one sample
     */
    record View(Shape shape) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            if (shape.elements() != elements(in.get(0))) {
                throw new IllegalArgumentException(
                        "reshape: " + Arrays.toString(in.get(0)) + " has another number of elements than " + shape);
            }
            return shape.toArray();
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            throw new IllegalStateException("a view computes nothing");
        }
    }

    /**
     * A parameter as a value: one for all samples. Its parameter has the slot name {@code value}.
     *
     * @param shape extents of one sample
     */
    record Fixed(Shape shape) implements ForwardOnly {
        @Override
        public int arity() {
            return 0;
        }

        @Override
        public int[] output(List<int[]> in) {
            return shape.toArray();
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            throw new IllegalStateException("a parameter computes nothing");
        }
    }

    /** Where the maxima of the max pooling it reads came from, offsets in a plane. */
    record Argmax() implements ForwardOnly {
        @Override
        public int[] output(List<int[]> in) {
            return in.get(0);
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            throw new IllegalStateException("max pooling has computed the argmax");
        }
    }

    /**
     * Transposed convolution without bias to images of oh x ow: the gradient of a convolution as an operator.
     *
     * @param inputs extents of one sample of each input
     * @param outputs channels or features that go out
     * @param window extents, strides, padding and dilation
     * @param groups parts the channels are cut into
     * @param oh output height
     * @param ow output width
     */
    record ConvTranspose(int inputs, int outputs, Window window, int groups, int oh, int ow) implements ForwardOnly {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("conv_transpose2d", in.get(0));
            Conv2d g = geometry(1, in);
            if (image[1] != inputs || g.oh() != image[2] || g.ow() != image[3]) {
                throw new IllegalArgumentException("conv_transpose2d: a convolution of [" + outputs + ", " + oh + ", "
                        + ow + "] gives [" + inputs + ", " + g.oh() + ", " + g.ow() + "], the input is "
                        + Arrays.toString(in.get(0)));
            }
            if (in.size() > 1 && !Shape.of(in.get(1)).equals(g.weightShape())) {
                throw new IllegalArgumentException(
                        "conv_transpose2d: takes a weight " + g.weightShape() + ", got " + Arrays.toString(in.get(1)));
            }
            return unfold(in.get(0), outputs, oh, ow);
        }

        @Override
        public List<String> slots() {
            return List.of("gradOutput", "weight");
        }

        @Override
        public String outputSlot() {
            return "gradInput";
        }

        @Override
        public String direction() {
            return "backwardInput";
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public Conv2d geometry(int batch, List<int[]> in) {
            int n = Math.multiplyExact(batch, image("conv_transpose2d", in.get(0))[0]);
            return new Conv2d(n, outputs, oh, ow, inputs, window, groups, false);
        }
    }

    /** A number per channel added to every position of an image. */
    record ChannelBias() implements ForwardOnly {
        @Override
        public int[] output(List<int[]> in) {
            int channels = image("bias_add", in.get(0))[1];
            if (in.size() > 1 && elements(in.get(1)) != channels) {
                throw new IllegalArgumentException(
                        "bias_add: takes a bias [" + channels + "], got " + Arrays.toString(in.get(1)));
            }
            return in.get(0);
        }

        @Override
        public List<String> slots() {
            return List.of("input", "bias");
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            int[] image = image("bias_add", in.get(0));
            return new BiasAdd(Math.multiplyExact(batch, image[0]), image[1], Math.multiplyExact(image[2], image[3]));
        }
    }

    /**
     * Two values element by element, broadcast; a shared one is a {@link Fixed} for all samples.
     *
     * @param kind which function
     * @param sharedA whether one a serves all samples
     * @param sharedB whether one b serves all samples
     */
    record Combine(Broadcast.Kind kind, boolean sharedA, boolean sharedB) implements ForwardOnly {
        @Override
        public int arity() {
            return 2;
        }

        @Override
        public int[] output(List<int[]> in) {
            return geometry(1, in).output().toArray();
        }

        @Override
        public List<String> slots() {
            return List.of("a", "b");
        }

        @Override
        public Broadcast geometry(int batch, List<int[]> in) {
            return new Broadcast(kind, batch, Shape.of(in.get(0)), sharedA, Shape.of(in.get(1)), sharedB);
        }
    }

    /**
     * Axes of a sample in another order.
     *
     * @param axes which axis of the input comes at each place
     */
    record Permute(List<Integer> axes) implements ForwardOnly {
        @Override
        public int[] output(List<int[]> in) {
            return geometry(1, in).output().toArray();
        }

        @Override
        public Transpose geometry(int batch, List<int[]> in) {
            return new Transpose(batch, Shape.of(in.get(0)), axes);
        }
    }

    /**
     * Two values one behind the other along an axis of the sample.
     *
     * @param axis which axis of a sample, 0 is the first
     */
    record Join(int axis) implements ForwardOnly {
        @Override
        public int arity() {
            return 2;
        }

        @Override
        public int[] output(List<int[]> in) {
            int[] a = in.get(0);
            int[] b = in.get(1);
            int[] joined = a.clone();
            boolean fits = a.length == b.length && axis >= 0 && axis < a.length;
            for (int i = 0; fits && i < a.length; i++) {
                fits = i == axis || a[i] == b[i];
            }
            if (!fits) {
                throw new IllegalArgumentException("concat: " + Arrays.toString(a) + " and " + Arrays.toString(b)
                        + " differ in another axis than " + axis);
            }
            joined[axis] = Math.addExact(a[axis], b[axis]);
            return joined;
        }

        @Override
        public List<String> slots() {
            return List.of("a", "b");
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            int[] a = in.get(0);
            int inner = elements(Arrays.copyOfRange(a, axis + 1, a.length));
            return new Concat(batch, elements(Arrays.copyOf(a, axis)), a[axis], in.get(1)[axis], inner);
        }
    }

    /**
     * Products of stacks of matrices; a shared one is a {@link Fixed} for all samples.
     *
     * @param sharedA whether one a serves all samples
     * @param sharedB whether one b serves all samples
     */
    record Product(boolean sharedA, boolean sharedB) implements ForwardOnly {
        @Override
        public int arity() {
            return 2;
        }

        @Override
        public int[] output(List<int[]> in) {
            return geometry(1, in).output().toArray();
        }

        @Override
        public List<String> slots() {
            return List.of("a", "b");
        }

        @Override
        public MatMul geometry(int batch, List<int[]> in) {
            return new MatMul(batch, Shape.of(in.get(0)), sharedA, Shape.of(in.get(1)), sharedB);
        }
    }

    /**
     * A function of each element with two parameters.
     *
     * @param kind which function
     * @param p number of the function, or share that is dropped
     * @param q second number of the function, where it has one
     */
    record MapElements(Elementwise.Kind kind, double p, double q) implements ForwardOnly {
        @Override
        public int[] output(List<int[]> in) {
            return in.get(0);
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            return new Elementwise(kind, batch, elements(in.get(0)), p, q);
        }
    }

    /**
     * Batch normalisation by given statistics over [C, ...]; with images of rank 4 over [N, C, H, W].
     *
     * @param epsilon added below the line, so that nothing is divided by 0
     */
    record ChannelNorm(double epsilon) implements ForwardOnly {
        @Override
        public int[] output(List<int[]> in) {
            int channels = image("batch_norm_inference", in.get(0))[1];
            for (int[] vector : in.subList(1, in.size())) {
                if (elements(vector) != channels) {
                    throw new IllegalArgumentException("batch_norm_inference: takes [" + channels
                            + "] of scale, bias, mean and variance, got " + Arrays.toString(vector));
                }
            }
            return in.get(0);
        }

        @Override
        public List<String> slots() {
            return List.of("input", "scale", "bias", "mean", "variance");
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            int[] image = image("batch_norm_inference", in.get(0));
            return new BatchNormInference(
                    Math.multiplyExact(batch, image[0]), image[1], Math.multiplyExact(image[2], image[3]), epsilon);
        }
    }

    /**
     * Max unpooling: the second value holds offsets in planes of planeH x planeW.
     *
     * @param planeH height of the plane that offsets count in
     * @param planeW width of the plane that offsets count in
     * @param oh output height
     * @param ow output width
     */
    record Unpool(int planeH, int planeW, int oh, int ow) implements ForwardOnly {
        @Override
        public int arity() {
            return 2;
        }

        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("max_unpool2d", in.get(0));
            if (!Arrays.equals(in.get(0), in.get(1))) {
                throw new IllegalArgumentException("max_unpool2d: values are " + Arrays.toString(in.get(0))
                        + ", their offsets " + Arrays.toString(in.get(1)));
            }
            return unfold(in.get(0), image[1], oh, ow);
        }

        @Override
        public List<String> slots() {
            return List.of("input", "argmax");
        }

        @Override
        public boolean folds(List<int[]> in) {
            return in.get(0).length == 4;
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            int[] image = image("max_unpool2d", in.get(0));
            return new MaxUnpool2d(
                    Math.multiplyExact(batch, image[0]), image[1], image[2], image[3], planeH, planeW, oh, ow);
        }
    }

    /** [C,H,W] or [N,C,H,W] as [N,C,H,W]. */
    private static int[] image(String what, int[] shape) {
        if (shape.length == 4) {
            return shape;
        }
        if (shape.length != 3) {
            throw new IllegalArgumentException(what + ": takes [C, H, W], got " + Arrays.toString(shape));
        }
        return new int[] {1, shape[0], shape[1], shape[2]};
    }

    /** The shape of an image of the same rank as another. */
    private static int[] unfold(int[] like, int c, int h, int w) {
        return like.length == 4 ? new int[] {like[0], c, h, w} : new int[] {c, h, w};
    }

    private static int elements(int[] shape) {
        return Shape.of(shape).elements();
    }
}
