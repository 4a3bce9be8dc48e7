package dev.clave.nn;

import static dev.clave.nn.Layers.avgPool2d;
import static dev.clave.nn.Layers.conv2d;
import static dev.clave.nn.Layers.flatten;
import static dev.clave.nn.Layers.linear;
import static dev.clave.nn.Layers.maxPool2d;
import static dev.clave.nn.Layers.sigmoid;

import dev.clave.op.Window;
import org.jspecify.annotations.Nullable;

/**
 * LeNet (LeCun et al., "Gradient-based learning applied to document recognition", 1998) in its two usual forms: a features
 * part of convolutions and a classifier part of linear layers, with parameters named as in PyTorch ({@code
 * features.0.weight}).
 */
public final class LeNet extends Layer {
    private static final Window HALF = Window.of(2, 2).stride(2, 2);

    private final Layer features;
    private final @Nullable Layer classifier;

    private LeNet(Layer features, @Nullable Layer classifier) {
        this.features = child("features", features);
        this.classifier = classifier == null ? null : child("classifier", classifier);
    }

    /**
     * The ReLU form for [1,28,28] images, 61,610 parameters with 10 classes: two convolutions with max pooling, then three
     * linear layers without activations between them.
     *
     * @param classes outputs; 0 or less leaves the classifier out, the output is then [16,5,5]
     */
    public static LeNet relu(int classes) {
        Layer features = new Sequential(
                conv2d(1, 6, Window.of(3, 3).pad(1)),
                Layers.relu(),
                maxPool2d(HALF),
                conv2d(6, 16, Window.of(5, 5)),
                Layers.relu(),
                maxPool2d(HALF));
        return new LeNet(
                features, classes < 1 ? null : new Sequential(linear(400, 120), linear(120, 84), linear(84, classes)));
    }

    /**
     * LeNet-5 with tanh, sigmoid and average pooling for [1,32,32] images, 61,706 parameters with 10 classes.
     *
     * @param classes outputs; 0 or less leaves the classifier out, the output is then [120,1,1]
     */
    public static LeNet tanh(int classes) {
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
        return new LeNet(
                features, classes < 1 ? null : new Sequential(linear(120, 84), Layers.tanh(), linear(84, classes)));
    }

    @Override
    protected Value forward(Value input) {
        Value value = features.apply(input);
        return classifier == null ? value : classifier.apply(flatten().apply(value));
    }
}
