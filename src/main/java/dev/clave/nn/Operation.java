package dev.clave.nn;

import dev.clave.Shape;
import dev.clave.op.Activation;
import dev.clave.op.Add;
import dev.clave.op.AvgPool2d;
import dev.clave.op.Conv2d;
import dev.clave.op.Geometry;
import dev.clave.op.LogSoftmax;
import dev.clave.op.MaxPool2d;
import dev.clave.op.Softmax;
import dev.clave.op.Window;
import java.util.Arrays;
import java.util.List;

/** What a {@link Node} computes: the shape rule, and the geometry for a batch. Shapes are those of one sample. */
sealed interface Operation {
    /** Number of values it reads. */
    default int arity() {
        return 1;
    }

    /** Shape of the output; throws {@link IllegalArgumentException} when the inputs do not fit. */
    int[] output(List<int[]> inputs);

    /** The operator for a batch; null when nothing is computed. */
    Geometry geometry(int batch, List<int[]> inputs);

    /** What the network reads. */
    record Input(Shape shape) implements Operation {
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

    /** 2-D convolution. */
    record Convolution(int inputs, int outputs, Window window, int groups, boolean bias) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("conv2d", in.get(0));
            if (image[0] != inputs) {
                throw new IllegalArgumentException("conv2d: takes " + inputs + " channels, got " + image[0] + " (input "
                        + Arrays.toString(image) + ")");
            }
            Conv2d g = geometry(1, in);
            return new int[] {outputs, g.oh(), g.ow()};
        }

        @Override
        public Conv2d geometry(int batch, List<int[]> in) {
            int[] image = in.get(0);
            if (groups == 1 && window.equals(Window.of(image[1], image[2]))) {
                // A kernel as large as the image is a matrix product; the weights lie in the same order.
                return new Conv2d(batch, inputs * image[1] * image[2], 1, 1, outputs, Window.of(1, 1), 1, bias);
            }
            return new Conv2d(batch, inputs, image[1], image[2], outputs, window, groups, bias);
        }
    }

    /** Fully connected over the last axis of a flat sample: over samples, a 1x1 convolution of one pixel. */
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

    /** Element by element. */
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

    /** Max pooling. */
    record MaxPool(Window window, boolean ceil) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("max_pool2d", in.get(0));
            return new int[] {image[0], window.outH(image[1], ceil), window.outW(image[2], ceil)};
        }

        @Override
        public MaxPool2d geometry(int batch, List<int[]> in) {
            int[] image = in.get(0);
            return new MaxPool2d(batch, image[0], image[1], image[2], window, ceil);
        }
    }

    /** Average pooling. */
    record AveragePool(Window window, boolean ceil, boolean countPadding) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            int[] image = image("avg_pool2d", in.get(0));
            return new int[] {image[0], window.outH(image[1], ceil), window.outW(image[2], ceil)};
        }

        @Override
        public AvgPool2d geometry(int batch, List<int[]> in) {
            int[] image = in.get(0);
            return new AvgPool2d(batch, image[0], image[1], image[2], window, ceil, countPadding);
        }
    }

    /** Dropout; the identity outside training. */
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

    /** Softmax or its logarithm over a flat sample. */
    record Normalise(boolean log) implements Operation {
        @Override
        public int[] output(List<int[]> in) {
            if (in.get(0).length != 1) {
                throw new IllegalArgumentException("softmax: takes [classes], got " + Arrays.toString(in.get(0)));
            }
            return in.get(0);
        }

        @Override
        public Geometry geometry(int batch, List<int[]> in) {
            return log ? new LogSoftmax(batch, in.get(0)[0]) : new Softmax(batch, in.get(0)[0]);
        }
    }

    /** Another shape for the same elements; moves nothing in any layout. */
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

    private static int[] image(String what, int[] shape) {
        if (shape.length != 3) {
            throw new IllegalArgumentException(what + ": takes [C, H, W], got " + Arrays.toString(shape));
        }
        return shape;
    }

    private static int elements(int[] shape) {
        int product = 1;
        for (int extent : shape) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }
}
