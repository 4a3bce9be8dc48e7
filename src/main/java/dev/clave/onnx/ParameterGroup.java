package dev.clave.onnx;

import dev.clave.nn.Initializer;
import dev.clave.nn.Layer;
import dev.clave.nn.Parameter;
import dev.clave.nn.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A layer that only holds parameters and further groups: what a name with dots is made of. */
class ParameterGroup extends Layer {
    private static final int MOST_GROUPS = 32;

    private final Map<String, ParameterGroup> groups = new HashMap<>();
    private final Set<String> leaves = new HashSet<>();

    @Override
    protected Value forward(Value input) {
        throw new IllegalStateException("a group of parameters computes nothing");
    }

    /** Whether a parameter of that path fits beside those there are: no empty part, no name both of a group and a parameter. */
    private boolean isFree(String[] path, int from) {
        if (path[from].isEmpty() || leaves.contains(path[from])) {
            return false;
        }
        ParameterGroup next = groups.get(path[from]);
        if (from == path.length - 1) {
            return next == null;
        }
        if (next != null) {
            return next.isFree(path, from + 1);
        }
        for (int i = from + 1; i < path.length; i++) {
            if (path[i].isEmpty()) {
                return false;
            }
        }
        return true;
    }

    private Parameter add(String[] path, int from, boolean trained, int fanIn, int[] extents) {
        String name = path[from];
        if (from < path.length - 1) {
            ParameterGroup group = groups.computeIfAbsent(name, n -> child(n, new ParameterGroup()));
            return group.add(path, from + 1, trained, fanIn, extents);
        }
        leaves.add(name);
        return trained
                ? parameter(name, Initializer.fanIn(), fanIn, extents)
                : buffer(name, Initializer.constant(0), fanIn, extents);
    }

    /** A new parameter of that name, or of a similar one where the name is taken or cannot be a path of layers. */
    Parameter add(String name, boolean trained, int fanIn, int... extents) {
        String[] path = name.split("\\.", -1);
        if (path.length <= MOST_GROUPS && isFree(path, 0)) {
            return add(path, 0, trained, fanIn, extents);
        }
        String flat = name.isEmpty() ? "tensor" : name.replace('.', '_');
        String free = flat;
        for (int i = 2; !isFree(new String[] {free}, 0); i++) {
            free = flat + "_" + i;
        }
        return add(new String[] {free}, 0, trained, fanIn, extents);
    }
}
