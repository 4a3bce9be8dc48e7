package dev.clave.nn;

import dev.clave.Shape;
import dev.clave.op.Activation;
import dev.clave.op.Window;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The layers there are. Each is a {@link Layer}; the shapes in the comments are those of one sample. */
public final class Layers {
    private Layers() {}

    /**
     * {@return a layer: convolution [inputs,H,W] to [outputs,OH,OW] with a bias, weights as PyTorch draws them}
     *
     * @param inputs channels or features that come in
     * @param outputs channels or features that go out
     * @param window extents, strides, padding and dilation
     */
    public static Layer conv2d(int inputs, int outputs, Window window) {
        return conv2d(inputs, outputs, window, 1, true, Initializer.fanIn());
    }

    /**
     * {@return a layer: convolution with groups; depthwise when groups equals inputs}
     *
     * @param inputs channels or features that come in
     * @param outputs channels or features that go out
     * @param window extents, strides, padding and dilation
     * @param groups parts the channels are cut into
     * @param bias whether there is one
     * @param initializer first values of the weight; the bias is drawn by {@link Initializer#fanIn}
     */
    public static Layer conv2d(
            int inputs, int outputs, Window window, int groups, boolean bias, Initializer initializer) {
        return new Conv2D(inputs, outputs, window, groups, bias, initializer);
    }

    /**
     * {@return a layer: fully connected [inputs] to [outputs] with a bias, weights as PyTorch draws them}
     *
     * @param inputs channels or features that come in
     * @param outputs channels or features that go out
     */
    public static Layer linear(int inputs, int outputs) {
        return linear(inputs, outputs, true, Initializer.fanIn());
    }

    /**
     * {@return a layer: fully connected; the bias, if any, is drawn by {@link Initializer#fanIn}}
     *
     * @param inputs channels or features that come in
     * @param outputs channels or features that go out
     * @param bias whether a bias is added
     * @param initializer draws the first values
     */
    public static Layer linear(int inputs, int outputs, boolean bias, Initializer initializer) {
        return new Linear(inputs, outputs, bias, initializer);
    }

    /**
     * x, or 0 for x at most 0.
     *
     * @return the layer
     */
    public static Layer relu() {
        return new Plain("ReLU", new Operation.Activate(Activation.Kind.RELU, 0));
    }

    /**
     * x, or slope * x for x at most 0.
     *
     * @param slope factor of values below 0
     * @return the layer
     */
    public static Layer leakyRelu(double slope) {
        return new Plain("LeakyReLU", new Operation.Activate(Activation.Kind.LEAKY_RELU, slope));
    }

    /** {@return a layer: hyperbolic tangent} */
    public static Layer tanh() {
        return new Plain("Tanh", new Operation.Activate(Activation.Kind.TANH, 0));
    }

    /**
     * 1 / (1 + exp(-x)).
     *
     * @return the layer
     */
    public static Layer sigmoid() {
        return new Plain("Sigmoid", new Operation.Activate(Activation.Kind.SIGMOID, 0));
    }

    /**
     * {@return a layer: max pooling}
     *
     * @param window extents, strides, padding and dilation
     * @throws IllegalArgumentException when the padding is more than half of the window, as in PyTorch
     */
    public static Layer maxPool2d(Window window) {
        return new Plain("MaxPool2D", new Operation.MaxPool(checked(window), false));
    }

    /**
     * {@return a layer: average pooling; padding counts in the divisor when countPadding}
     *
     * @param window extents, strides, padding and dilation
     * @param countPadding whether padding counts in the divisor
     */
    public static Layer avgPool2d(Window window, boolean countPadding) {
        return new Plain("AvgPool2D", new Operation.AveragePool(checked(window), false, countPadding));
    }

    /**
     * {@return a layer: average pooling, padding counted as in PyTorch}
     *
     * @param window extents, strides, padding and dilation
     */
    public static Layer avgPool2d(Window window) {
        return avgPool2d(window, true);
    }

    private static Window checked(Window window) {
        if (Math.max(window.padTop(), window.padBottom()) > window.kh() / 2
                || Math.max(window.padLeft(), window.padRight()) > window.kw() / 2) {
            throw new IllegalArgumentException("pooling: padding is at most half of the window, got " + window);
        }
        return window;
    }

    /**
     * Zeroes a share p of the elements in training and scales the others by 1/(1-p); the identity otherwise.
     *
     * @param p share of elements that is dropped, [0, 1)
     * @return the layer
     */
    public static Layer dropout(double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("dropout: p lies in [0, 1], got " + p);
        }
        return new Plain("Dropout", new Operation.Dropout(p));
    }

    /**
     * [C,H,W] to [C*H*W].
     *
     * @return the layer
     */
    public static Layer flatten() {
        return new Flatten();
    }

    /** {@return a layer: softmax over [classes]} */
    public static Layer softmax() {
        return new Plain("Softmax", new Operation.Normalise(false));
    }

    /** {@return logarithm of softmax over [classes]} */
    public static Layer logSoftmax() {
        return new Plain("LogSoftmax", new Operation.Normalise(true));
    }

    /**
     * {@return sum of two values of one shape, for residual connections}
     *
     * @param a one of them
     * @param b the other
     */
    public static Value add(Value a, Value b) {
        return a.graph().record(null, new Operation.Sum(), List.of(a, b), Map.of());
    }

    /**
     * {@return the same elements in another shape}
     *
     * @param value what is reshaped
     * @param shape extents of one sample
     */
    public static Value reshape(Value value, int... shape) {
        return value.graph().record(null, new Operation.View(Shape.of(shape)), List.of(value), Map.of());
    }

    /** A layer without parameters. */
    private static final class Plain extends Layer {
        private final String type;
        private final Operation operation;

        private Plain(String type, Operation operation) {
            this.type = type;
            this.operation = operation;
        }

        @Override
        public String type() {
            return type;
        }

        @Override
        protected Value forward(Value input) {
            return input.graph().record(this, operation, List.of(input), Map.of());
        }
    }

    private static final class Flatten extends Layer {
        @Override
        protected Value forward(Value input) {
            int elements = Arrays.stream(input.shape()).reduce(1, Math::multiplyExact);
            return input.graph().record(this, new Operation.View(Shape.of(elements)), List.of(input), Map.of());
        }
    }

    private static final class Conv2D extends Layer {
        private final Operation operation;
        private final Parameter weight;
        private final @Nullable Parameter bias;

        private Conv2D(int inputs, int outputs, Window window, int groups, boolean bias, Initializer initializer) {
            if (inputs < 1 || outputs < 1 || groups < 1 || inputs % groups != 0 || outputs % groups != 0) {
                throw new IllegalArgumentException("conv2d: groups " + groups + " must divide the channels " + inputs
                        + " and " + outputs + ", all at least 1");
            }
            int fanIn = inputs / groups * window.kh() * window.kw();
            this.operation = new Operation.Convolution(inputs, outputs, window, groups, bias);
            this.weight = parameter("weight", initializer, fanIn, outputs, inputs / groups, window.kh(), window.kw());
            this.bias = bias ? parameter("bias", Initializer.fanIn(), fanIn, outputs) : null;
        }

        @Override
        protected Value forward(Value input) {
            return input.graph().record(this, operation, List.of(input), weights(weight, bias));
        }
    }

    private static final class Linear extends Layer {
        private final Operation operation;
        private final Parameter weight;
        private final @Nullable Parameter bias;

        private Linear(int inputs, int outputs, boolean bias, Initializer initializer) {
            if (inputs < 1 || outputs < 1) {
                throw new IllegalArgumentException(
                        "linear: inputs and outputs are at least 1, got " + inputs + " and " + outputs);
            }
            this.operation = new Operation.Dense(inputs, outputs, bias);
            this.weight = parameter("weight", initializer, inputs, outputs, inputs);
            this.bias = bias ? parameter("bias", Initializer.fanIn(), inputs, outputs) : null;
        }

        @Override
        protected Value forward(Value input) {
            return input.graph().record(this, operation, List.of(input), weights(weight, bias));
        }
    }

    private static Map<String, Parameter> weights(Parameter weight, @Nullable Parameter bias) {
        return bias == null ? Map.of("weight", weight) : Map.of("weight", weight, "bias", bias);
    }
}
