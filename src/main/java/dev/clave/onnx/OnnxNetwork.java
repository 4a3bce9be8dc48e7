package dev.clave.onnx;

import dev.clave.FormatException;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.nn.Layer;
import dev.clave.nn.Value;
import java.util.List;

/**
 * A network of a file whose first axis is the batch: a layer for any batch like one of our own, and its weights under the
 * names of the file. Linear weights are held as [out, in], whatever way round the file has them.
 *
 * @param layer the network; it trains where every operation has a gradient
 * @param inputShape extents of one sample
 * @param weights values of the layer's parameters by name
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record OnnxNetwork(Layer layer, int[] inputShape, Safetensors weights) {
    /**
     * Makes the network.
     *
     * @param model one input and one output
     * @return the network
     * @throws FormatException when the model has several inputs or outputs, free extents other than the batch, or nodes
     *     that are not supported or work along the batch axis; the message names the node
     */
    public static OnnxNetwork of(OnnxModel model) {
        List<OnnxModel.Port> inputs = model.givenInputs();
        if (inputs.size() != 1 || model.outputs().size() != 1) {
            throw new FormatException(
                    model.source(),
                    -1,
                    "a network has one input and one output, this model has " + inputs.size() + " and "
                            + model.outputs().size() + "; run it as a session");
        }
        OnnxModel.Port input = inputs.get(0);
        int[] extents = input.extents();
        if (extents == null || extents.length < 2) {
            throw new FormatException(
                    model.source(), -1, "input '" + input.name() + "' needs a batch axis and a shape: " + input);
        }
        OnnxSession.checkType(model, input.name(), input.type());
        int[] sample = java.util.Arrays.copyOfRange(extents, 1, extents.length);
        for (int extent : sample) {
            if (extent < 1) {
                throw new FormatException(
                        model.source(), -1, "input '" + input.name() + "' has a free or empty extent: " + input);
            }
        }
        ImportedLayer layer = new ImportedLayer((self, value) -> record(model, self, value));
        try {
            Graph.record(layer, sample);
        } catch (IllegalArgumentException e) {
            throw new FormatException(model.source(), -1, String.valueOf(e.getMessage()));
        }
        return new OnnxNetwork(layer, sample, layer.weights());
    }

    private static Value record(OnnxModel model, ImportedLayer layer, Value input) {
        Importer importer = new Importer(model, 1, layer);
        String name = model.givenInputs().get(0).name();
        importer.define(name, Item.of(name, input));
        importer.run(input.graph());
        Item output = importer.outputs().get(0);
        if (output.value() == null || output.offsets() != null) {
            throw new FormatException(
                    model.source(), -1, "output '" + output.name() + "' holds no numbers that depend on the input");
        }
        return output.value();
    }
}
