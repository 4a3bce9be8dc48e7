package dev.clave.nn;

import java.util.List;

/** Layers one after the other; their names are 0, 1, 2 and so on. */
public final class Sequential extends Layer {
    private final List<Layer> layers;

    /**
     * The layers in order, at least one.
     *
     * @param layers in the order in which they are applied
     */
    public Sequential(Layer... layers) {
        if (layers.length == 0) {
            throw new IllegalArgumentException("Sequential needs at least one layer");
        }
        this.layers = List.of(layers);
        for (int i = 0; i < layers.length; i++) {
            child(String.valueOf(i), layers[i]);
        }
    }

    @Override
    protected Value forward(Value input) {
        Value value = input;
        for (Layer layer : layers) {
            value = layer.apply(value);
        }
        return value;
    }
}
