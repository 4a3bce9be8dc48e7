package dev.clave.onnx;

import dev.clave.Shape;
import dev.clave.io.Safetensors;
import dev.clave.nn.Initializer;
import dev.clave.nn.Layer;
import dev.clave.nn.Parameter;
import dev.clave.nn.Value;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/** Holds the parameters an imported network uses, under the names of the file, and their values. */
final class ImportedLayer extends Layer {
    private final BiFunction<ImportedLayer, Value, Value> function;
    private final Map<String, Parameter> byKey = new HashMap<>();
    private final Map<Parameter, float[]> values = new LinkedHashMap<>();
    private final Group root = new Group();

    ImportedLayer(BiFunction<ImportedLayer, Value, Value> function) {
        this.function = function;
    }

    @Override
    protected Value forward(Value input) {
        return function.apply(this, input);
    }

    @Override
    public String type() {
        return "ONNX";
    }

    /** What a name with dots is split into. */
    private final class Group {
        private final Map<String, Group> groups = new HashMap<>();
        private final Map<String, Parameter> leaves = new HashMap<>();
        private final Layer layer;

        private Group() {
            this.layer = ImportedLayer.this;
        }

        private Group(Layer layer) {
            this.layer = layer;
        }

        private Group group(String name) {
            return groups.computeIfAbsent(name, n -> {
                Container container = new Container();
                if (layer == ImportedLayer.this) {
                    child(n, container);
                } else {
                    ((Container) layer).add(n, container);
                }
                return new Group(container);
            });
        }
    }

    private static final class Container extends Layer {
        @Override
        protected Value forward(Value input) {
            throw new IllegalStateException("a group of parameters computes nothing");
        }

        private void add(String name, Layer layer) {
            child(name, layer);
        }

        private Parameter hold(String name, boolean trained, int fanIn, int... extents) {
            return trained
                    ? parameter(name, Initializer.fanIn(), fanIn, extents)
                    : buffer(name, Initializer.constant(0), fanIn, extents);
        }
    }

    /**
     * The parameter of a name and shape, made on first use. The file's name is kept; where it cannot be a path of layers, or
     * the same tensor is used in another shape, a similar name is taken.
     */
    Parameter parameter(String name, boolean trained, Shape shape, float[] numbers) {
        String key = name + shape + trained;
        Parameter known = byKey.get(key);
        if (known != null) {
            return known;
        }
        int[] extents = shape.toArray();
        int fanIn = Math.max(1, shape.rank() < 2 ? shape.elements() : shape.elements() / Math.max(1, extents[0]));
        Parameter made = place(name, trained, fanIn, extents);
        byKey.put(key, made);
        values.put(made, numbers);
        return made;
    }

    private Parameter place(String name, boolean trained, int fanIn, int[] extents) {
        String[] parts = name.split("\\.", -1);
        boolean path = parts.length <= 32;
        Group group = root;
        for (int i = 0; i < parts.length && path; i++) {
            boolean last = i == parts.length - 1;
            path = !parts[i].isEmpty()
                    && !group.leaves.containsKey(parts[i])
                    && !(last && group.groups.containsKey(parts[i]));
            if (path && !last) {
                Group next = group.groups.get(parts[i]);
                if (next == null) {
                    break;
                }
                group = next;
            }
        }
        if (!path) {
            String flat = (name.isEmpty() ? "tensor" : name).replace('.', '_');
            String free = flat;
            for (int i = 2; root.leaves.containsKey(free) || root.groups.containsKey(free); i++) {
                free = flat + "_" + i;
            }
            parts = new String[] {free};
        }
        group = root;
        for (int i = 0; i < parts.length - 1; i++) {
            group = group.group(parts[i]);
        }
        String leaf = parts[parts.length - 1];
        Parameter made = group.layer instanceof Container container
                ? container.hold(leaf, trained, fanIn, extents)
                : trained
                        ? parameter(leaf, Initializer.fanIn(), fanIn, extents)
                        : buffer(leaf, Initializer.constant(0), fanIn, extents);
        group.leaves.put(leaf, made);
        return made;
    }

    /** All values by the parameters' names. */
    Safetensors weights() {
        Safetensors file = new Safetensors();
        parameters().forEach((name, parameter) -> {
            float[] numbers = values.get(parameter);
            if (numbers == null) {
                throw new IllegalStateException("parameter '" + name + "' has no values");
            }
            file.put(name, parameter.shape(), numbers);
        });
        return file;
    }
}
