package dev.clave.nn;

import dev.clave.Shape;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A part of a network: parameters, child layers, and a {@link #forward} that says how values flow. It holds no arithmetic
 * and no numbers; {@code forward} is called once per input shape to record the graph. Compose your own:
 *
 * <pre>{@code
 * final class Block extends Layer {
 *     private final Layer conv = child("conv", Layers.conv2d(8, 8, Window.of(3, 3).pad(1)));
 *
 *     protected Value forward(Value input) {
 *         return Layers.add(input, Layers.relu().apply(conv.apply(input)));
 *     }
 * }
 * }</pre>
 *
 * <p>Names of children, joined by dots, are the prefix of the parameters' names: {@code features.0.weight}.
 */
public abstract class Layer {
    private final Map<String, Layer> children = new LinkedHashMap<>();
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();

    /** For subclasses. */
    protected Layer() {}

    /**
     * Says how values flow; called while the network is recorded. Apply children with {@link #apply}.
     *
     * @param input what comes in
     * @return what comes out
     */
    protected abstract Value forward(Value input);

    /** {@return what a summary calls this kind of layer} */
    public String type() {
        return getClass().getSimpleName();
    }

    /**
     * Records this layer on a value.
     *
     * @param input what comes in
     * @return what comes out
     */
    public final Value apply(Value input) {
        Objects.requireNonNull(input, "apply: the input is null");
        return input.graph().call(this, input);
    }

    /**
     * Registers a child under a name without dots and returns it.
     *
     * @param <M> type of the layer
     * @param name without dots
     * @param layer the child
     * @return the layer
     * @throws IllegalArgumentException when the name is taken or empty or has a dot
     */
    protected final <M extends Layer> M child(String name, M layer) {
        checkName(name);
        children.put(name, layer);
        return layer;
    }

    /**
     * Registers a trained parameter; fanIn is the number of products that add up to one output.
     *
     * @param name without dots
     * @param initializer draws the first values
     * @param fanIn products that add up to one output
     * @param extents extents, outermost first
     * @return the parameter
     */
    protected final Parameter parameter(String name, Initializer initializer, int fanIn, int... extents) {
        return register(name, new Parameter(Shape.of(extents), fanIn, initializer, true));
    }

    /**
     * Registers a parameter no optimizer changes; it is saved and loaded like the others.
     *
     * @param name without dots
     * @param initializer draws the first values
     * @param fanIn products that add up to one output
     * @param extents extents, outermost first
     * @return the parameter
     */
    protected final Parameter buffer(String name, Initializer initializer, int fanIn, int... extents) {
        return register(name, new Parameter(Shape.of(extents), fanIn, initializer, false));
    }

    final Parameter register(String name, Parameter parameter) {
        checkName(name);
        parameters.put(name, parameter);
        return parameter;
    }

    private void checkName(String name) {
        if (name.isEmpty() || name.contains(".")) {
            throw new IllegalArgumentException(type() + ": '" + name + "' is no name, it has letters and no dots");
        }
        if (children.containsKey(name) || parameters.containsKey(name)) {
            throw new IllegalArgumentException(type() + ": the name '" + name + "' is taken");
        }
    }

    final Map<String, Layer> children() {
        return children;
    }

    final Map<String, Parameter> ownParameters() {
        return parameters;
    }

    /** {@return all parameters of this layer and its children, by their full names, in order of registration} */
    public final Map<String, Parameter> parameters() {
        Map<String, Parameter> all = new LinkedHashMap<>();
        collect("", all);
        return all;
    }

    private void collect(String prefix, Map<String, Parameter> all) {
        parameters.forEach((name, parameter) -> all.put(prefix + name, parameter));
        children.forEach((name, child) -> child.collect(prefix + name + ".", all));
    }

    /** Full name of every layer below this one, this one under the empty name. */
    final Map<Layer, String> names() {
        Map<Layer, String> names = new HashMap<>();
        name("", names);
        return names;
    }

    private void name(String prefix, Map<Layer, String> names) {
        names.putIfAbsent(this, prefix);
        children.forEach((name, child) -> child.name(prefix.isEmpty() ? name : prefix + "." + name, names));
    }
}
