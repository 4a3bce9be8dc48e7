package dev.clave.nn;

import static dev.clave.nn.Layers.avgPool2d;
import static dev.clave.nn.Layers.conv2d;
import static dev.clave.nn.Layers.flatten;
import static dev.clave.nn.Layers.linear;
import static dev.clave.nn.Layers.maxPool2d;
import static dev.clave.nn.Layers.sigmoid;

import dev.clave.op.Window;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * LeNet (LeCun et al., "Gradient-based learning applied to document recognition", 1998) in its two usual forms: a features
 * part of convolutions and a classifier part of linear layers, with parameters named as in PyTorch ({@code
 * features.0.weight}).
 */
public final class LeNet extends Layer {
    private static final Window HALF = Window.of(2, 2).stride(2, 2);
    private static final int SIDE = 28;

    private final Layer features;
    private final @Nullable Layer classifier;

    private LeNet(Layer features, @Nullable Layer classifier) {
        this.features = child("features", features);
        this.classifier = classifier == null ? null : child("classifier", classifier);
    }

    /**
     * The ReLU form for [1,28,28] images, ready made; the same as {@link #relu}.
     *
     * @param classes outputs; 0 or less leaves the classifier out, the output is then [16,5,5]
     */
    public LeNet(int classes) {
        this(classes, Form.usual());
    }

    /**
     * A variant of the ReLU form.
     *
     * @param classes outputs; 0 or less leaves the classifier out
     * @param form what differs from the usual form
     */
    public LeNet(int classes, Form form) {
        this(form.features(), classes < 1 ? null : form.classifier(classes));
    }

    /**
     * What may differ from the usual ReLU form.
     *
     * @param height of the images, at least 12
     * @param width of the images, at least 12
     * @param slope of leaky ReLU for negative values; 0 is plain ReLU
     * @param dropout share dropped between the linear layers in training, [0, 1)
     */
    public record Form(int height, int width, double slope, double dropout) {
        /** Checks ranges. */
        public Form {
            if (height < 12 || width < 12) {
                throw new IllegalArgumentException("LeNet: images are at least 12x12, got " + height + "x" + width
                        + "; two poolings leave nothing");
            }
            if (!(slope >= 0 && slope < 1)) {
                throw new IllegalArgumentException("LeNet: the slope lies in [0, 1), got " + slope);
            }
            if (!(dropout >= 0 && dropout < 1)) {
                throw new IllegalArgumentException("LeNet: dropout lies in [0, 1), got " + dropout);
            }
        }

        /**
         * 28x28 images, ReLU, no dropout.
         *
         * @return the form
         */
        public static Form usual() {
            return new Form(SIDE, SIDE, 0, 0);
        }

        /**
         * {@return the same for other images; the first linear layer reads what two poolings leave of them}
         *
         * @param rows height of the images
         * @param columns width of the images
         */
        public Form images(int rows, int columns) {
            return new Form(rows, columns, slope, dropout);
        }

        /**
         * {@return the same with leaky ReLU}
         *
         * @param negativeSlope factor of values below 0
         */
        public Form leaky(double negativeSlope) {
            return new Form(height, width, negativeSlope, dropout);
        }

        /**
         * {@return the same with dropout between the linear layers}
         *
         * @param share the part that is dropped, [0, 1)
         */
        public Form dropout(double share) {
            return new Form(height, width, slope, share);
        }

        private Layer activation() {
            return slope == 0 ? Layers.relu() : Layers.leakyRelu(slope);
        }

        private Layer features() {
            return new Sequential(
                    conv2d(1, 6, Window.of(3, 3).pad(1)),
                    activation(),
                    maxPool2d(HALF),
                    conv2d(6, 16, Window.of(5, 5)),
                    activation(),
                    maxPool2d(HALF));
        }

        private Layer classifier(int classes) {
            int left = 16 * ((height / 2 - 4) / 2) * ((width / 2 - 4) / 2);
            return new Classifier(dropout, linear(left, 120), linear(120, 84), linear(84, classes));
        }
    }

    /** Linear layers with dropout between them; the names of the parameters do not depend on the dropout. */
    private static final class Classifier extends Layer {
        private final double dropout;
        private final List<Layer> layers;

        private Classifier(double dropout, Layer... layers) {
            this.dropout = dropout;
            this.layers = List.of(layers);
            for (int i = 0; i < layers.length; i++) {
                child(String.valueOf(i), layers[i]);
            }
        }

        @Override
        protected Value forward(Value input) {
            Value value = input;
            for (int i = 0; i < layers.size(); i++) {
                if (i > 0 && dropout > 0) {
                    value = Layers.dropout(dropout).apply(value);
                }
                value = layers.get(i).apply(value);
            }
            return value;
        }
    }

    /**
     * {@return the ReLU form for [1,28,28] images, 61,610 parameters with 10 classes: two convolutions with max
     * pooling, then three linear layers without activations between them}
     *
     * @param classes outputs; 0 or less leaves the classifier out, the output is then [16,5,5]
     */
    public static LeNet relu(int classes) {
        return new LeNet(classes);
    }

    /**
     * LeNet-5 with tanh, sigmoid and average pooling for [1,32,32] images, 61,706 parameters with 10 classes.
     *
     * @param classes outputs; 0 or less leaves the classifier out, the output is then [120,1,1]
     * @return the network
     */
    public static LeNet tanh(int classes) {
        return tanh(classes, 0);
    }

    /**
     * {@link #tanh(int)} with a share dropped between the linear layers in training.
     *
     * @param classes number of classes
     * @param dropout share that is dropped in training, [0, 1)
     * @return the network
     */
    public static LeNet tanh(int classes, double dropout) {
        Form.usual().dropout(dropout); // checks the range
        Layer features = new Sequential(
                conv2d(1, 6, Window.of(5, 5)),
                Layers.tanh(),
                avgPool2d(HALF),
                sigmoid(),
                conv2d(6, 16, Window.of(5, 5)),
                Layers.tanh(),
                avgPool2d(HALF),
                sigmoid(),
                conv2d(16, 120, Window.of(5, 5)),
                Layers.tanh());
        if (classes < 1) {
            return new LeNet(features, null);
        }
        Layer[] layers = {linear(120, 84), Layers.tanh(), linear(84, classes)};
        // Names stay those of the plain list; the last linear layer is behind the activation.
        return new LeNet(features, dropout == 0 ? new Sequential(layers) : new TanhClassifier(dropout, layers));
    }

    /** Linear, tanh, dropout, linear under the names of the plain list. */
    private static final class TanhClassifier extends Layer {
        private final double dropout;
        private final Layer first;
        private final Layer activation;
        private final Layer last;

        private TanhClassifier(double dropout, Layer... layers) {
            this.dropout = dropout;
            this.first = child("0", layers[0]);
            this.activation = child("1", layers[1]);
            this.last = child("2", layers[2]);
        }

        @Override
        protected Value forward(Value input) {
            Value hidden = activation.apply(first.apply(input));
            return last.apply(Layers.dropout(dropout).apply(hidden));
        }
    }

    @Override
    protected Value forward(Value input) {
        Value value = features.apply(input);
        return classifier == null ? value : classifier.apply(flatten().apply(value));
    }
}
