package dev.clave.nn;

import dev.clave.op.Activation;
import dev.clave.op.Window;

/** A layer of a network; its name is PyTorch's, for example {@code features.0}. */
public sealed interface Layer {
    /** Prefix of the parameters' names. */
    String name();

    /** 2-D convolution with a bias. */
    record Convolution(String name, int outputChannels, Window window) implements Layer {}

    /** Fully connected, with a bias; flattens what comes in. */
    record Linear(String name, int outputs) implements Layer {}

    /** An activation. */
    record Activate(String name, Activation.Kind kind) implements Layer {}

    /** Max pooling. */
    record MaxPool(String name, Window window) implements Layer {}

    /** Average pooling. */
    record AveragePool(String name, Window window) implements Layer {}
}
