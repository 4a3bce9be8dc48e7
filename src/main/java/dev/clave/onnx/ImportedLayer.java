package dev.clave.onnx;

import dev.clave.Shape;
import dev.clave.io.Safetensors;
import dev.clave.nn.Parameter;
import dev.clave.nn.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** An imported network: its parameters, under the names of the file, and their values. */
final class ImportedLayer extends ParameterGroup {
    private final BiFunction<ImportedLayer, Value, Value> function;
    private final Map<String, List<Parameter>> byKey = new HashMap<>();
    private final Map<Parameter, float[]> values = new HashMap<>();

    /** Records by a function of this layer and its input. */
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

    /**
     * The parameter of a name, shape and values, made on first use. One tensor that is used in two shapes, or by nodes that
     * turn or scale it differently, makes two of them.
     */
    Parameter parameter(String name, boolean trained, Shape shape, float[] numbers) {
        List<Parameter> same = byKey.computeIfAbsent(name + shape + trained, key -> new ArrayList<>());
        for (Parameter made : same) {
            if (Arrays.equals(values.get(made), numbers)) {
                return made;
            }
        }
        int fanIn = shape.rank() < 2 ? shape.elements() : shape.elements() / Math.max(1, shape.extent(0));
        Parameter made = add(name, trained, Math.max(1, fanIn), shape.toArray());
        values.put(made, numbers);
        same.add(made);
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
