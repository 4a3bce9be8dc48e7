package dev.clave.nn;

import static dev.clave.op.Activation.Kind.RELU;
import static dev.clave.op.Activation.Kind.SIGMOID;
import static dev.clave.op.Activation.Kind.TANH;

import dev.clave.nn.Layer.Activate;
import dev.clave.nn.Layer.AveragePool;
import dev.clave.nn.Layer.Convolution;
import dev.clave.nn.Layer.Linear;
import dev.clave.nn.Layer.MaxPool;
import dev.clave.op.Window;
import java.util.List;

/**
 * The two LeNets.
 *
 * @param name relu or tanh
 * @param pad background pixels added on each side of a 28x28 image
 */
public record LeNet(String name, int pad, List<Layer> layers) {
    private static final Window HALF = Window.of(2, 2).stride(2, 2);

    /** The network of a name. */
    public static LeNet of(String name) {
        return switch (name) {
            case "relu" -> relu();
            case "tanh" -> tanh();
            default -> throw new IllegalArgumentException("unknown network '" + name + "'; there are relu and tanh");
        };
    }

    /** LeNet with ReLU and max pooling for 28x28 images, 61,610 parameters. */
    public static LeNet relu() {
        return new LeNet(
                "relu",
                0,
                List.of(
                        new Convolution("features.0", 6, Window.of(3, 3).pad(1)),
                        new Activate("features.1", RELU),
                        new MaxPool("features.2", HALF),
                        new Convolution("features.3", 16, Window.of(5, 5)),
                        new Activate("features.4", RELU),
                        new MaxPool("features.5", HALF),
                        new Linear("classifier.0", 120),
                        new Linear("classifier.1", 84),
                        new Linear("classifier.2", 10)));
    }

    /** LeNet-5 with tanh, sigmoid and average pooling for images padded to 32x32, 61,706 parameters. */
    public static LeNet tanh() {
        return new LeNet(
                "tanh",
                2,
                List.of(
                        new Convolution("features.0", 6, Window.of(5, 5)),
                        new Activate("features.1", TANH),
                        new AveragePool("features.2", HALF),
                        new Activate("features.3", SIGMOID),
                        new Convolution("features.4", 16, Window.of(5, 5)),
                        new Activate("features.5", TANH),
                        new AveragePool("features.6", HALF),
                        new Activate("features.7", SIGMOID),
                        new Convolution("features.8", 120, Window.of(5, 5)),
                        new Activate("features.9", TANH),
                        new Linear("classifier.0", 84),
                        new Activate("classifier.1", TANH),
                        new Linear("classifier.2", 10)));
    }
}
