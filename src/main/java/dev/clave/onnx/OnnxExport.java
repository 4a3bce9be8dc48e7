package dev.clave.onnx;

import dev.clave.Shape;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.nn.Layer;
import dev.clave.nn.Node;
import dev.clave.nn.Operation;
import dev.clave.nn.Parameter;
import dev.clave.onnx.OnnxModel.Port;
import dev.clave.onnx.OnnxNode.Attribute;
import dev.clave.op.Activation;
import dev.clave.op.Elementwise;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Writes a network as an ONNX model for inference: the batch is free, initialisers have the names of the parameters, dropout
 * is left out. Operators are of version 13, or 19 where an average pooling is dilated.
 */
public final class OnnxExport {
    private static final long OPSET = 13;
    private static final long OPSET_OF_DILATED_POOLING = 19;

    private final Graph graph;
    private final Safetensors weights;
    private final Map<Parameter, String> parameterNames = new HashMap<>();
    private final List<OnnxNode> nodes = new ArrayList<>();
    private final Map<String, OnnxTensor> initializers = new LinkedHashMap<>();
    private final Map<Node, String> values = new HashMap<>();
    private final Set<String> taken = new HashSet<>();
    private long opset = OPSET;

    private OnnxExport(Graph graph, Safetensors weights) {
        this.graph = graph;
        this.weights = weights;
        graph.root().parameters().forEach((name, parameter) -> parameterNames.putIfAbsent(parameter, name));
        taken.addAll(parameterNames.values());
    }

    /**
     * Exports a layer.
     *
     * @param layer what is exported
     * @param inputShape extents of one sample
     * @param weights every parameter of the layer by name
     * @return the model
     * @throws IllegalArgumentException when weights are missing or an operation has no counterpart in ONNX
     */
    public static OnnxModel of(Layer layer, int[] inputShape, Safetensors weights) {
        return of(Graph.record(layer, inputShape), weights);
    }

    /**
     * Exports a recorded graph.
     *
     * @param graph the recorded network
     * @param weights values of the parameters by name
     * @return the model
     */
    public static OnnxModel of(Graph graph, Safetensors weights) {
        return new OnnxExport(graph, weights).export();
    }

    private OnnxModel export() {
        List<Port> inputs = new ArrayList<>();
        List<Port> outputs = new ArrayList<>();
        for (Node node : graph.inputs()) {
            String name = free(node.name());
            values.put(node, name);
            inputs.add(new Port(name, OnnxTensor.FLOAT, batched(node.shape())));
        }
        graph.live().forEach(this::export);
        for (Node node : graph.outputs()) {
            String name = free(outputs.isEmpty() ? "output" : "output_" + (outputs.size() + 1));
            add("Identity", name, List.of(value(node)), Map.of(), name);
            outputs.add(new Port(name, OnnxTensor.FLOAT, batched(node.shape())));
        }
        return new OnnxModel("export", "clave", opset, nodes, inputs, outputs, initializers);
    }

    private static int[] batched(int[] sample) {
        int[] all = new int[sample.length + 1];
        all[0] = -1;
        System.arraycopy(sample, 0, all, 1, sample.length);
        return all;
    }

    private String free(String base) {
        String name = base;
        for (int i = 2; !taken.add(name); i++) {
            name = base + "_" + i;
        }
        return name;
    }

    private String value(Node node) {
        String name = values.get(node);
        if (name == null) {
            throw new IllegalArgumentException("export: " + node.name() + " has no counterpart in ONNX");
        }
        return name;
    }

    private String add(String type, String name, List<String> reads, Map<String, Attribute> attributes, String makes) {
        nodes.add(new OnnxNode(name, type, "", reads, List.of(makes), attributes, -1));
        return makes;
    }

    /** A node named as ours, which makes a value of that name. */
    private void add(Node node, String type, List<String> reads, Map<String, Attribute> attributes) {
        String name = free(node.name());
        values.put(node, add(type, name, reads, attributes, name));
    }

    private String parameter(Node node, String slot) {
        Parameter parameter = node.parameters().get(slot);
        String name = parameter == null ? null : parameterNames.get(parameter);
        if (parameter == null || name == null) {
            throw new IllegalArgumentException("export: " + node.name() + " has no parameter " + slot);
        }
        if (!initializers.containsKey(name)) {
            if (!weights.names().contains(name) || !weights.shape(name).equals(parameter.shape())) {
                throw new IllegalArgumentException(
                        "export: the weights hold no '" + name + "' of " + parameter.shape());
            }
            initializers.put(name, OnnxTensor.of(name, parameter.shape(), weights.floats(name)));
        }
        return name;
    }

    private String constant(String base, Shape shape, long... numbers) {
        String name = free(base);
        initializers.put(name, OnnxTensor.of(name, shape, numbers));
        return name;
    }

    private String scalar(String base, double number) {
        String name = free(base);
        initializers.put(name, OnnxTensor.of(name, Shape.of(), new float[] {(float) number}));
        return name;
    }

    /** The values a node reads, then its parameters, in the order of its slots. */
    private List<String> reads(Node node) {
        List<String> names = new ArrayList<>();
        node.inputs().forEach(input -> names.add(value(input)));
        for (String slot : node.operation().slots()) {
            if (node.parameters().containsKey(slot)) {
                names.add(parameter(node, slot));
            }
        }
        return names;
    }

    private void export(Node node) {
        Operation operation = node.operation();
        if (operation instanceof Operation.Input) {
            return;
        }
        if (operation instanceof Operation.Fixed) {
            values.put(node, parameter(node, "value"));
        } else if (operation instanceof Operation.Dropout) {
            values.put(node, value(node.inputs().get(0)));
        } else if (operation instanceof Operation.View) {
            view(node);
        } else if (operation instanceof Operation.Dense) {
            List<String> reads = new ArrayList<>(List.of(value(node.inputs().get(0)), parameter(node, "weight")));
            if (node.parameters().containsKey("bias")) {
                reads.add(parameter(node, "bias"));
            }
            add(node, "Gemm", reads, Map.of("transB", Attribute.of(1)));
        } else if (operation instanceof Operation.Activate activate) {
            activation(node, activate);
        } else if (operation instanceof Operation.Normalise normalise) {
            add(node, normalise.log() ? "LogSoftmax" : "Softmax", reads(node), Map.of("axis", Attribute.of(-1)));
        } else if (operation instanceof Operation.Sum) {
            add(node, "Add", reads(node), Map.of());
        } else if (operation instanceof Operation.MapElements map) {
            elements(node, map);
        } else if (operation instanceof Operation.Combine combine) {
            combine(node, combine);
        } else if (operation instanceof Operation.Permute permute) {
            long[] axes = new long[permute.axes().size() + 1];
            Arrays.setAll(axes, i -> i == 0 ? 0 : permute.axes().get(i - 1) + 1);
            add(node, "Transpose", reads(node), Map.of("perm", Attribute.of(axes)));
        } else if (operation instanceof Operation.Join join) {
            add(node, "Concat", reads(node), Map.of("axis", Attribute.of(join.axis() + 1)));
        } else if (operation instanceof Operation.Product) {
            add(node, "MatMul", reads(node), Map.of());
        } else {
            windows(node, operation);
        }
    }

    private void windows(Node node, Operation operation) {
        if (operation instanceof Operation.Convolution conv) {
            Map<String, Attribute> attributes = window(conv.window(), true);
            attributes.put("group", Attribute.of(conv.groups()));
            add(node, "Conv", reads(node), attributes);
        } else if (operation instanceof Operation.ConvTranspose conv) {
            add(node, "ConvTranspose", reads(node), transposed(node, conv));
        } else if (operation instanceof Operation.MaxPool pool) {
            Map<String, Attribute> attributes = window(pool.window(), true);
            attributes.put("ceil_mode", Attribute.of(pool.ceil() ? 1 : 0));
            add(node, "MaxPool", reads(node), attributes);
        } else if (operation instanceof Operation.AveragePool pool) {
            boolean dilated = pool.window().dilationH() > 1 || pool.window().dilationW() > 1;
            opset = dilated ? OPSET_OF_DILATED_POOLING : opset;
            Map<String, Attribute> attributes = window(pool.window(), dilated);
            attributes.put("ceil_mode", Attribute.of(pool.ceil() ? 1 : 0));
            attributes.put("count_include_pad", Attribute.of(pool.countPadding() ? 1 : 0));
            add(node, "AveragePool", reads(node), attributes);
        } else if (operation instanceof Operation.ChannelNorm norm) {
            add(node, "BatchNormalization", reads(node), Map.of("epsilon", Attribute.of((float) norm.epsilon())));
        } else if (operation instanceof Operation.ChannelBias && isOnlyReader(node)) {
            biased(node);
        } else if (operation instanceof Operation.ChannelBias) {
            int channels = node.shape()[0];
            String shape = constant(node.name() + ".shape", Shape.of(3), channels, 1, 1);
            List<String> reads = reads(node);
            String name = free(node.name() + ".bias");
            String column = add("Reshape", name, List.of(reads.get(1), shape), Map.of(), name);
            add(node, "Add", List.of(reads.get(0), column), Map.of());
        } else {
            throw new IllegalArgumentException("export: " + node.name() + " ("
                    + operation.getClass().getSimpleName() + ") has no counterpart in ONNX");
        }
    }

    /** Whether a bias is all that reads a transposed convolution, so that ONNX's operator can take both. */
    private boolean isOnlyReader(Node bias) {
        Node read = bias.inputs().get(0);
        return read.operation() instanceof Operation.ConvTranspose
                && bias.parameters().containsKey("bias")
                && !graph.outputs().contains(read)
                && graph.live().stream()
                                .filter(node -> node.inputs().contains(read))
                                .count()
                        == 1;
    }

    /** Gives the transposed convolution written last the bias as its third input. */
    private void biased(Node bias) {
        String made = value(bias.inputs().get(0));
        for (int i = nodes.size() - 1; i >= 0; i--) {
            OnnxNode node = nodes.get(i);
            if (node.outputs().contains(made)) {
                List<String> reads = new ArrayList<>(node.inputs());
                reads.add(parameter(bias, "bias"));
                nodes.set(i, new OnnxNode(node.name(), node.type(), "", reads, node.outputs(), node.attributes(), -1));
                values.put(bias, made);
                return;
            }
        }
        throw new IllegalStateException("export: nothing made " + made);
    }

    private static Map<String, Attribute> window(Window w, boolean dilations) {
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("kernel_shape", Attribute.of(new long[] {w.kh(), w.kw()}));
        attributes.put("strides", Attribute.of(new long[] {w.strideH(), w.strideW()}));
        attributes.put("pads", Attribute.of(new long[] {w.padTop(), w.padLeft(), w.padBottom(), w.padRight()}));
        if (dilations) {
            attributes.put("dilations", Attribute.of(new long[] {w.dilationH(), w.dilationW()}));
        }
        return attributes;
    }

    private static Map<String, Attribute> transposed(Node node, Operation.ConvTranspose conv) {
        Window w = conv.window();
        int[] input = node.inputs().get(0).shape();
        int moreH = conv.oh()
                - (w.strideH() * (input[1] - 1) + (w.kh() - 1) * w.dilationH() + 1 - w.padTop() - w.padBottom());
        int moreW = conv.ow()
                - (w.strideW() * (input[2] - 1) + (w.kw() - 1) * w.dilationW() + 1 - w.padLeft() - w.padRight());
        Map<String, Attribute> attributes = window(w, true);
        attributes.put("output_padding", Attribute.of(new long[] {moreH, moreW}));
        attributes.put("group", Attribute.of(conv.groups()));
        return attributes;
    }

    private void view(Node node) {
        String input = value(node.inputs().get(0));
        int[] shape = node.shape();
        if (shape.length == 1 && !(node.inputs().get(0).operation() instanceof Operation.Fixed)) {
            add(node, "Flatten", List.of(input), Map.of("axis", Attribute.of(1)));
            return;
        }
        boolean shared = node.inputs().get(0).operation() instanceof Operation.Fixed;
        add(node, "Reshape", List.of(input, shape(node.name(), shape, shared)), Map.of());
    }

    /** A target of Reshape: 0 keeps the batch. */
    private String shape(String base, int[] sample, boolean shared) {
        int lead = shared ? 0 : 1;
        long[] target = new long[sample.length + lead];
        for (int i = 0; i < sample.length; i++) {
            target[i + lead] = sample[i];
        }
        return constant(base + ".shape", Shape.of(target.length), target);
    }

    private void activation(Node node, Operation.Activate activate) {
        if (activate.kind() == Activation.Kind.LEAKY_RELU) {
            add(node, "LeakyRelu", reads(node), Map.of("alpha", Attribute.of((float) activate.slope())));
        } else {
            add(node, capitalised(activate.kind()), reads(node), Map.of());
        }
    }

    /** What ONNX calls most functions: Tanh. */
    private static String capitalised(Enum<?> kind) {
        return kind.name().charAt(0) + kind.name().substring(1).toLowerCase(Locale.ROOT);
    }

    private void elements(Node node, Operation.MapElements map) {
        List<String> reads = new ArrayList<>(reads(node));
        if (map.kind() == Elementwise.Kind.AFFINE) {
            String name = free(node.name() + ".scaled");
            reads.add(scalar(node.name() + ".scale", map.p()));
            String scaled = add("Mul", name, reads, Map.of(), name);
            add(node, "Add", List.of(scaled, scalar(node.name() + ".shift", map.q())), Map.of());
            return;
        }
        boolean elu = map.kind() == Elementwise.Kind.ELU;
        if (map.kind() == Elementwise.Kind.CLIP) {
            reads.add(Double.isInfinite(map.p()) ? "" : scalar(node.name() + ".min", map.p()));
            if (!Double.isInfinite(map.q())) {
                reads.add(scalar(node.name() + ".max", map.q()));
            }
        }
        add(node, capitalised(map.kind()), reads, elu ? Map.of("alpha", Attribute.of((float) map.p())) : Map.of());
    }

    private void combine(Node node, Operation.Combine combine) {
        int rank = node.shape().length;
        List<String> reads = List.of(
                aligned(node.inputs().get(0), combine.sharedA(), rank),
                aligned(node.inputs().get(1), combine.sharedB(), rank));
        add(node, capitalised(combine.kind()), reads, Map.of());
    }

    /** A value whose batch axis stands before as many axes as the result has. */
    private String aligned(Node node, boolean shared, int rank) {
        int[] shape = node.shape();
        if (shared || shape.length == rank) {
            return value(node);
        }
        int[] padded = new int[rank];
        Arrays.fill(padded, 1);
        System.arraycopy(shape, 0, padded, rank - shape.length, shape.length);
        String name = free(node.name() + ".aligned");
        return add("Reshape", name, List.of(value(node), shape(name, padded, false)), Map.of(), name);
    }
}
