package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.rng.Philox;
import dev.clave.io.Safetensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a network's parameters on a device: one flat buffer, so that an optimizer is one launch, with the trained ones
 * first and each parameter at an offset that allows a view. Plans of several batch sizes share one set.
 */
final class ParameterSet implements AutoCloseable {
    /** Where a parameter lies; trained ones lie below {@link #trained}. */
    record Entry(String name, Parameter parameter, int first) {
        Shape shape() {
            return parameter.shape();
        }
    }

    /** Begin of the names of tensors in a file that are no weights. */
    static final String STATE = "@";

    private final Device device;
    private final DType real;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<Parameter, Entry> byParameter = new HashMap<>();
    private final Map<String, Tensor> views = new LinkedHashMap<>();
    private final Map<String, Tensor> gradientViews = new LinkedHashMap<>();
    private final Tensor values;
    private final int trained;
    private @Nullable Tensor gradients;

    ParameterSet(Device device, DType real, Layer layer) {
        this.device = device;
        this.real = real;
        Map<String, Parameter> all = layer.parameters();
        int next = layout(all, true, 0);
        this.trained = next;
        next = layout(all, false, next);
        this.values = device.allocate(real, Shape.of(Math.max(1, next)));
        values.write(new double[values.shape().elements()]); // the gaps between parameters stay 0
        // Names in the order of the layer, whatever the places.
        for (String name : all.keySet()) {
            Entry entry = byParameter(all.get(name));
            if (entry.name().equals(name)) {
                entries.put(name, entry);
                views.put(name, values.view(entry.first(), entry.shape()));
            }
        }
    }

    private int layout(Map<String, Parameter> all, boolean trainable, int first) {
        int step = Math.max(1, device.viewAlignment() / real.bytes());
        int[] next = {first};
        all.forEach((name, parameter) -> {
            if (parameter.trainable() == trainable && !byParameter.containsKey(parameter)) {
                byParameter.put(parameter, new Entry(name, parameter, next[0]));
                next[0] += (parameter.shape().elements() + step - 1) / step * step;
            }
        });
        return next[0];
    }

    private Entry byParameter(Parameter parameter) {
        Entry entry = byParameter.get(parameter);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "a parameter of " + parameter.shape() + " belongs to no layer of this network");
        }
        return entry;
    }

    /** Draws the first values; one Philox stream per parameter. */
    void initialise(long seed) {
        double[] all = new double[values.shape().elements()];
        int stream = 1;
        for (Entry entry : entries.values()) {
            Philox random = new Philox(seed, stream++);
            for (int i = 0; i < entry.shape().elements(); i++) {
                all[entry.first() + i] = entry.parameter().initializer().next(entry.parameter(), random);
            }
        }
        values.write(all);
    }

    /** Number of elements an optimizer changes, gaps not counted. */
    int count(boolean trainable) {
        return entries.values().stream()
                .filter(e -> e.parameter().trainable() == trainable)
                .mapToInt(e -> e.shape().elements())
                .sum();
    }

    List<Entry> entries() {
        return new ArrayList<>(entries.values());
    }

    /** The values of a parameter by its name. */
    Tensor tensor(String name) {
        Tensor view = views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("no parameter '" + name + "'; there are " + views.keySet());
        }
        return view;
    }

    Tensor tensor(Parameter parameter) {
        return tensor(byParameter(parameter).name());
    }

    /** The gradient of a parameter by its name; gradients exist once a training plan was made. */
    Tensor gradient(String name) {
        Tensor view = gradientViews.get(name);
        if (view == null) {
            throw new IllegalArgumentException("no gradient of '" + name + "'; there are " + gradientViews.keySet());
        }
        return view;
    }

    Tensor gradient(Parameter parameter) {
        return gradient(byParameter(parameter).name());
    }

    /** Makes the gradient buffer, zeros, unless it is there. */
    void needGradients() {
        if (gradients != null) {
            return;
        }
        gradients = device.allocate(real, Shape.of(Math.max(1, trained)));
        gradients.write(new double[gradients.shape().elements()]);
        for (Entry entry : entries.values()) {
            if (entry.parameter().trainable()) {
                gradientViews.put(entry.name(), gradients.view(entry.first(), entry.shape()));
            }
        }
    }

    /** All trained values in one flat view, gaps of zeros included. */
    Tensor trainedValues() {
        Tensor view = views.get("");
        if (view == null) {
            view = values.view(0, Shape.of(Math.max(1, trained)));
            views.put("", view);
        }
        return view;
    }

    /** All gradients, as {@link #trainedValues}. */
    Tensor gradients() {
        if (gradients == null) {
            throw new IllegalStateException("no gradients; make a training plan first");
        }
        return gradients;
    }

    /**
     * Adds every parameter to a file.
     *
     * @param target name of the file, for messages
     * @throws FormatException when a value is no finite number: {@link #load} would refuse the file
     */
    void save(String target, Safetensors file) {
        for (Entry entry : entries.values()) {
            float[] values = tensor(entry.name()).readFloats();
            int bad = firstUseless(values);
            if (bad >= 0) {
                throw new FormatException(
                        target,
                        -1,
                        "not written: tensor '" + entry.name() + "' holds " + values[bad] + " at element " + bad
                                + "; training has diverged, take a smaller learning rate");
            }
            file.put(entry.name(), entry.shape(), values);
        }
    }

    /** Index of the first value that is no finite number, -1 for none. */
    private static int firstUseless(float[] values) {
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Takes weights; checks all of them before it changes any. Tensors whose names begin with {@link #STATE} are no weights.
     *
     * @param skipMismatch leaves out what is missing, has another shape or is not part of the network
     * @return the names left out
     */
    List<String> load(String source, Safetensors file, boolean skipMismatch) {
        Map<String, String> faults = new LinkedHashMap<>();
        for (Entry entry : entries.values()) {
            if (!file.names().contains(entry.name())) {
                faults.put(entry.name(), "is missing; is it another network?");
            } else if (!file.shape(entry.name()).equals(entry.shape())) {
                faults.put(entry.name(), "is " + file.shape(entry.name()) + ", expected " + entry.shape());
            }
        }
        for (String name : file.names()) {
            if (!entries.containsKey(name) && !name.startsWith(STATE)) {
                faults.put(name, "is not part of the network");
            }
        }
        if (!skipMismatch) {
            faults.forEach((name, fault) -> {
                throw new FormatException(source, -1, "tensor '" + name + "' " + fault);
            });
        }
        Map<String, float[]> read = new LinkedHashMap<>();
        for (String name : entries.keySet()) {
            if (!faults.containsKey(name)) {
                read.put(name, finite(source, name, file));
            }
        }
        read.forEach((name, floats) -> tensor(name).write(floats));
        return new ArrayList<>(faults.keySet());
    }

    private static float[] finite(String source, String name, Safetensors file) {
        float[] values;
        try {
            values = file.floats(name);
        } catch (IllegalArgumentException e) {
            throw new FormatException(source, -1, String.valueOf(e.getMessage()));
        }
        int bad = firstUseless(values);
        if (bad >= 0) {
            throw new FormatException(
                    source,
                    -1,
                    "tensor '" + name + "' holds " + values[bad] + " at element " + bad + "; it is of no use");
        }
        return values;
    }

    /** All trained values of a flat tensor by the names of the parameters. */
    Map<String, float[]> split(Tensor flat) {
        float[] all = flat.readFloats();
        Map<String, float[]> parts = new LinkedHashMap<>();
        for (Entry entry : entries.values()) {
            if (entry.parameter().trainable()) {
                parts.put(
                        entry.name(),
                        Arrays.copyOfRange(
                                all,
                                entry.first(),
                                entry.first() + entry.shape().elements()));
            }
        }
        return parts;
    }

    /** The opposite of {@link #split}; gaps become zeros. */
    void join(Map<String, float[]> parts, Tensor flat) {
        float[] all = new float[flat.shape().elements()];
        for (Entry entry : entries.values()) {
            float[] part = parts.get(entry.name());
            if (part != null) {
                System.arraycopy(part, 0, all, entry.first(), part.length);
            }
        }
        flat.write(all);
    }

    @Override
    public void close() {
        views.values().forEach(Tensor::close);
        gradientViews.values().forEach(Tensor::close);
        values.close();
        if (gradients != null) {
            gradients.close();
        }
    }
}
