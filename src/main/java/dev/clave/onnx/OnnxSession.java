package dev.clave.onnx;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.nn.Graph;
import dev.clave.nn.Inference;
import dev.clave.nn.Operation;
import dev.clave.nn.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model of any number of inputs and outputs on a device. The first run compiles for the shapes of its inputs, and
 * for the values of those that decide about shapes or modes (int64 and bool inputs, a ratio of dropout); a run with others
 * compiles again. Used by one thread at a time.
 */
public final class OnnxSession implements AutoCloseable {
    private final OnnxModel model;
    private final Device device;
    private final Set<String> offsetInputs = new HashSet<>();
    private @Nullable Compiled compiled;

    private record Compiled(
            String key, Inference inference, List<String> reads, List<Item> outputs, Map<String, Integer> places)
            implements AutoCloseable {
        @Override
        public void close() {
            inference.close();
        }
    }

    /**
     * A session; nothing is compiled yet.
     *
     * @param device where it runs
     * @param model what is run
     */
    public OnnxSession(Device device, OnnxModel model) {
        this.device = device;
        this.model = model;
        for (OnnxNode node : model.nodes()) {
            if (node.type().equals("MaxUnpool") && node.inputs().size() > 1) {
                offsetInputs.add(node.inputs().get(1));
            }
        }
    }

    static void checkType(OnnxModel model, String name, int type) {
        if (type != OnnxTensor.FLOAT) {
            throw new FormatException(
                    model.source(),
                    -1,
                    "input '" + name + "' has element type " + OnnxTensor.typeName(type)
                            + ", operators here compute with FLOAT");
        }
    }

    /**
     * Runs once.
     *
     * @param inputs by name, one for each of {@link OnnxModel#givenInputs}
     * @return outputs by name in the order of the model
     * @throws FormatException when a node is not supported or does not fit; the message names it
     * @throws IllegalArgumentException when an input is missing
     */
    public Map<String, OnnxTensor> run(Map<String, OnnxTensor> inputs) {
        StringBuilder key = new StringBuilder();
        for (OnnxModel.Port port : model.givenInputs()) {
            OnnxTensor tensor = inputs.get(port.name());
            if (tensor == null) {
                throw new IllegalArgumentException(
                        model.source() + ": input '" + port.name() + "' is missing; given are " + inputs.keySet());
            }
            check(port, tensor);
            key.append(port.name()).append(tensor);
            if (isKnown(port)) {
                key.append(Arrays.toString(tensor.wholes())).append(scalar(tensor));
            }
        }
        if (compiled == null || !compiled.key.equals(key.toString())) {
            close();
            compiled = compile(key.toString(), inputs);
        }
        return run(compiled, inputs);
    }

    private void check(OnnxModel.Port port, OnnxTensor tensor) {
        if (port.type() != tensor.type()) {
            throw new IllegalArgumentException(model.source() + ": input '" + port.name() + "' is "
                    + OnnxTensor.typeName(port.type()) + ", got " + tensor);
        }
        int[] extents = port.extents();
        boolean fits = extents == null || extents.length == tensor.shape().rank();
        for (int i = 0; extents != null && fits && i < extents.length; i++) {
            fits = extents[i] < 0 || extents[i] == tensor.shape().extent(i);
        }
        if (!fits) {
            throw new IllegalArgumentException(model.source() + ": input " + port + ", got " + tensor);
        }
        if (port.type() != OnnxTensor.INT64 && port.type() != OnnxTensor.BOOL) {
            checkType(model, port.name(), port.type());
        }
    }

    /** Whether the value is needed to compile: whole numbers that are no offsets, and a ratio of dropout. */
    private boolean isKnown(OnnxModel.Port port) {
        if (offsetInputs.contains(port.name())) {
            return false;
        }
        return port.type() != OnnxTensor.FLOAT
                || model.nodes().stream()
                        .anyMatch(node -> node.type().equals("Dropout")
                                && node.inputs().size() > 1
                                && node.inputs().get(1).equals(port.name()));
    }

    private static String scalar(OnnxTensor tensor) {
        return tensor.floats() != null && tensor.floats().length == 1 ? String.valueOf(tensor.floats()[0]) : "";
    }

    private Compiled compile(String key, Map<String, OnnxTensor> inputs) {
        Recorded recorded = record(inputs);
        try {
            Inference inference = new Inference(device, recorded.graph, recorded.weights.weights(), 1);
            return new Compiled(key, inference, recorded.reads, recorded.outputs, recorded.places);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new FormatException(model.source(), -1, String.valueOf(e.getMessage()));
        }
    }

    /** A model as a graph for the shapes of some inputs. */
    record Recorded(
            Graph graph, ImportedLayer weights, List<String> reads, List<Item> outputs, Map<String, Integer> places) {}

    /** Checks and records; computes nothing. */
    Recorded record(Map<String, OnnxTensor> inputs) {
        ImportedLayer weights = new ImportedLayer((layer, value) -> {
            throw new IllegalStateException("a session records its own graph");
        });
        Importer importer = new Importer(model, 0, weights);
        List<String> reads = new ArrayList<>();
        List<Operation.Input> kinds = new ArrayList<>();
        for (OnnxModel.Port port : model.givenInputs()) {
            OnnxTensor tensor = inputs.get(port.name());
            if (tensor == null) {
                continue;
            }
            if (isKnown(port)) {
                importer.define(port.name(), Item.of(tensor, port.name()));
            } else {
                reads.add(port.name());
                kinds.add(new Operation.Input(tensor.shape(), offsetInputs.contains(port.name())));
            }
        }
        if (reads.isEmpty()) {
            throw new FormatException(model.source(), -1, "the model reads no tensor of FLOAT");
        }
        List<Item> outputs = new ArrayList<>();
        Map<String, Integer> places = new HashMap<>();
        try {
            Graph graph = Graph.record(weights, kinds, values -> {
                for (int i = 0; i < reads.size(); i++) {
                    Item.Offsets offsets = kinds.get(i).offsets() ? Item.Offsets.given() : null;
                    importer.define(reads.get(i), new Item(reads.get(i), null, values.get(i), offsets));
                }
                importer.run(values.get(0).graph());
                outputs.addAll(importer.outputs());
                return values(outputs, places, values);
            });
            return new Recorded(graph, weights, reads, outputs, places);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new FormatException(model.source(), -1, String.valueOf(e.getMessage()));
        }
    }

    private static List<Value> values(List<Item> outputs, Map<String, Integer> places, List<Value> inputs) {
        List<Value> values = new ArrayList<>();
        for (Item output : outputs) {
            if (output.value() != null) {
                places.put(output.name(), values.size());
                values.add(output.value());
            }
        }
        // A graph has at least one output; a model whose outputs are all constants computes nothing.
        return values.isEmpty() ? inputs.subList(0, 1) : values;
    }

    private Map<String, OnnxTensor> run(Compiled ready, Map<String, OnnxTensor> inputs) {
        List<Object> arrays = new ArrayList<>();
        for (String name : ready.reads) {
            OnnxTensor tensor = inputs.get(name);
            if (tensor == null) {
                throw new IllegalArgumentException("input '" + name + "' is missing");
            }
            arrays.add(tensor.floats() != null ? tensor.floats() : offsets(name, tensor.wholes()));
        }
        List<Object> results = ready.inference.run(arrays);
        Map<String, OnnxTensor> named = new LinkedHashMap<>();
        for (int i = 0; i < ready.outputs.size(); i++) {
            Item item = ready.outputs.get(i);
            String name = model.outputs().get(i).name();
            Integer place = ready.places.get(item.name());
            if (place == null || item.value() == null) {
                named.put(name, java.util.Objects.requireNonNull(item.constant()));
            } else {
                named.put(name, tensor(name, item, Shape.of(item.value().shape()), results.get(place)));
            }
        }
        return named;
    }

    private static int[] offsets(String name, long @Nullable [] wholes) {
        if (wholes == null) {
            throw new IllegalArgumentException("input '" + name + "' holds no values");
        }
        int[] narrow = new int[wholes.length];
        for (int i = 0; i < narrow.length; i++) {
            if (wholes[i] < 0 || wholes[i] > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("input '" + name + "' holds the offset " + wholes[i]);
            }
            narrow[i] = (int) wholes[i];
        }
        return narrow;
    }

    private static OnnxTensor tensor(String name, Item item, Shape shape, Object values) {
        if (values instanceof float[] floats) {
            return OnnxTensor.of(name, shape, floats);
        }
        int[] narrow = (int[]) values;
        long[] wide = new long[narrow.length];
        Item.Offsets offsets = item.offsets() == null ? Item.Offsets.given() : item.offsets();
        for (int i = 0; i < wide.length; i++) {
            wide[i] = offsets.global(i, narrow[i]);
        }
        return OnnxTensor.of(name, shape, wide);
    }

    @Override
    public void close() {
        if (compiled != null) {
            compiled.close();
            compiled = null;
        }
    }
}
