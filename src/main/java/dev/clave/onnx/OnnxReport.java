package dev.clave.onnx;

import java.util.ArrayList;
import java.util.List;

/** What a model holds, line by line. */
public final class OnnxReport {
    private OnnxReport() {}

    /**
     * {@return inputs, outputs, initialisers and nodes}
     *
     * @param model what is listed
     */
    public static List<String> lines(OnnxModel model) {
        List<String> lines = new ArrayList<>();
        lines.add("ONNX, operators of version " + model.opset()
                + (model.producer().isEmpty() ? "" : ", by " + model.producer()));
        model.givenInputs().forEach(port -> lines.add("input   " + port));
        model.outputs().forEach(port -> lines.add("output  " + port));
        long parameters = 0;
        for (OnnxTensor tensor : model.initializers().values()) {
            lines.add("tensor  " + tensor.name() + " " + tensor);
            parameters += tensor.shape().elements();
        }
        for (OnnxNode node : model.nodes()) {
            lines.add("node    " + node.type() + " " + String.join(", ", node.inputs()) + " -> "
                    + String.join(", ", node.outputs()));
        }
        lines.add(model.initializers().size() + " tensors with " + parameters + " elements, "
                + model.nodes().size() + " nodes");
        return lines;
    }
}
