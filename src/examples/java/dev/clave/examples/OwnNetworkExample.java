package dev.clave.examples;

import dev.clave.nn.Layer;
import dev.clave.nn.Layers;
import dev.clave.nn.Sequential;
import dev.clave.nn.Value;
import dev.clave.op.Window;

/** The ReLU LeNet as a class of one's own: a features part, a classifier part, and a forward that joins them. */
public final class OwnNetworkExample extends Layer {
    private static final Window HALF = Window.of(2, 2).stride(2, 2);

    private final Layer features = child(
            "features",
            new Sequential(
                    Layers.conv2d(1, 6, Window.of(3, 3).pad(1)),
                    Layers.relu(),
                    Layers.maxPool2d(HALF),
                    Layers.conv2d(6, 16, Window.of(5, 5)),
                    Layers.relu(),
                    Layers.maxPool2d(HALF)));
    private final Layer classifier =
            child("classifier", new Sequential(Layers.linear(400, 120), Layers.linear(120, 84), Layers.linear(84, 10)));

    /** With fresh parameters. */
    public OwnNetworkExample() {}

    @Override
    protected Value forward(Value images) {
        return classifier.apply(Layers.flatten().apply(features.apply(images)));
    }
}
