package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Shape;
import dev.clave.op.Add;
import dev.clave.op.AvgPool2d;
import dev.clave.op.Conv2dPool2d;
import dev.clave.op.Format;
import dev.clave.op.Geometry;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns a graph into operator runs: forward in the order of the graph, backward in the opposite order. A value with several
 * readers gets the sum of their gradients, in the order in which the readers were recorded backwards; so does a parameter.
 */
final class Lowering {
    /** What a plan is for. */
    enum Purpose {
        /** Forward only; dropout is the identity. */
        INFERENCE,
        /** Forward and backward to the parameters. */
        TRAINING,
        /** As training, and the gradient of the network's input too. */
        CHECK
    }

    private final Graph graph;
    private final ParameterSet parameters;
    private final Format format;
    private final int batch;
    private final Purpose purpose;
    private final long seed;

    private final List<Buffer> buffers = new ArrayList<>();
    private final Map<Buffer, double[]> constants = new HashMap<>();
    private final List<Step> forward = new ArrayList<>();
    private final List<Step> backward = new ArrayList<>();
    private final Map<Node, Buffer> values = new HashMap<>();
    private final Map<Node, Map<String, Buffer>> extras = new HashMap<>();
    private final Map<Node, Geometry> geometries = new HashMap<>();
    private final Map<Node, Boolean> differentiable = new HashMap<>();
    private final Map<Node, List<Buffer>> contributions = new HashMap<>();
    private final Map<Parameter, Integer> parameterReads = new HashMap<>();
    private final Map<Parameter, Buffer> parameterBuffers = new HashMap<>();
    private final Map<Node, Fusion> fusions;
    private final @Nullable Buffer outputGradient;
    private @Nullable Buffer inputGradient;

    /**
     * Lowers.
     *
     * @param fuse whether neighbours may run as one operator
     */
    Lowering(Graph graph, ParameterSet parameters, Format format, int batch, Purpose purpose, long seed, boolean fuse) {
        this.graph = graph;
        this.parameters = parameters;
        this.format = format;
        this.batch = batch;
        this.purpose = purpose;
        this.seed = seed;
        List<Node> nodes = graph.live();
        this.fusions = fuse ? Fusion.find(nodes, graph.outputs()) : Map.of();
        int dropouts = 0;
        for (Node node : nodes) {
            dropouts += node.operation() instanceof Operation.Dropout ? 1 : 0;
            forward(node, dropouts);
        }
        if (purpose == Purpose.INFERENCE) {
            this.outputGradient = null;
        } else {
            this.outputGradient = fresh(
                    "gradient of the output", real(), value(graph.output()).shape());
            contributions.put(graph.output(), new ArrayList<>(List.of(outputGradient)));
            for (int i = nodes.size() - 1; i >= 0; i--) {
                backward(nodes.get(i));
            }
        }
        markUses();
    }

    private DType real() {
        return format.real();
    }

    private Buffer fresh(String name, DType dtype, Shape shape) {
        Buffer buffer = new Buffer(name, dtype, shape);
        buffers.add(buffer);
        return buffer;
    }

    private Buffer value(Node node) {
        return Objects.requireNonNull(values.get(node), node.name());
    }

    private Geometry geometry(Node node) {
        return Objects.requireNonNull(geometries.get(node), node.name());
    }

    private void forward(Node node, int dropouts) {
        boolean needed = node.parameters().values().stream().anyMatch(Parameter::trainable)
                || node.inputs().stream().anyMatch(input -> Boolean.TRUE.equals(differentiable.get(input)))
                || (purpose == Purpose.CHECK && node.operation() instanceof Operation.Input);
        differentiable.put(node, needed);
        if (node.operation() instanceof Operation.Input read) {
            DType dtype = read.offsets() ? DType.I32 : real();
            values.put(node, fresh(node.name(), dtype, format.samples(batch, node.shape())));
            return;
        }
        if (node.operation() instanceof Operation.Fixed) {
            values.put(node, parameter(Objects.requireNonNull(node.parameters().get("value"))));
            return;
        }
        if (node.operation() instanceof Operation.Argmax) {
            Map<String, Buffer> more =
                    Objects.requireNonNull(extras.get(node.inputs().get(0)), node.name());
            values.put(node, Objects.requireNonNull(more.get("argmax"), node.name()));
            return;
        }
        Fusion fusion = fusions.get(node);
        if (fusion != null) {
            if (node == fusion.last()) {
                forward(fusion);
            }
            return;
        }
        if (isAlias(node)) {
            values.put(node, value(node.inputs().get(0)));
            return;
        }
        List<int[]> shapes = node.inputs().stream().map(Node::shape).toList();
        Geometry geometry = node.operation() instanceof Operation.Dropout dropout
                ? dropout.geometry(batch, shapes, seed, dropouts)
                : node.operation().geometry(batch, shapes);
        geometries.put(node, geometry);
        node.parameters().values().forEach(parameter -> parameterReads.merge(parameter, 1, Integer::sum));
        if (format.lanes() > 1 && node.operation().folds(shapes)) {
            throw new IllegalArgumentException("layer " + node.name() + ": folds axes of the sample into the batch; "
                    + "compile with one sample side by side, this plan has " + format.lanes());
        }
        Problem problem = geometry.problem(node.operation().direction(), format);
        Map<String, Buffer> bound = new LinkedHashMap<>();
        for (Slot slot : problem.slots()) {
            bound.put(slot.name(), forwardBuffer(node, slot, geometry));
        }
        forward.add(new Step(node.name(), problem, bound));
    }

    private void forward(Fusion fusion) {
        Geometry geometry = fusion.geometry(batch);
        geometries.put(fusion.conv(), fusion.convolution(batch));
        geometries.put(fusion.last(), geometry);
        fusion.conv().parameters().values().forEach(parameter -> parameterReads.merge(parameter, 1, Integer::sum));
        Problem problem = geometry.problem(purpose == Purpose.INFERENCE ? "inference" : "forward", format);
        Map<String, Buffer> bound = new LinkedHashMap<>();
        for (Slot slot : problem.slots()) {
            bound.put(slot.name(), fusedBuffer(fusion, slot));
        }
        forward.add(new Step(fusion.conv().name(), problem, bound));
    }

    private Buffer fusedBuffer(Fusion fusion, Slot slot) {
        return switch (slot.name()) {
            case "input", "weight", "bias" -> forwardBuffer(fusion.conv(), slot, geometry(fusion.conv()));
            case "reciprocal" -> forwardBuffer(fusion.last(), slot, ((Conv2dPool2d) geometry(fusion.last())).pool());
            default -> forwardBuffer(fusion.last(), slot, geometry(fusion.last()));
        };
    }

    private boolean isAlias(Node node) {
        return node.operation() instanceof Operation.View
                || (node.operation() instanceof Operation.Dropout && purpose == Purpose.INFERENCE);
    }

    private Buffer forwardBuffer(Node node, Slot slot, Geometry geometry) {
        Parameter parameter = node.parameters().get(slot.name());
        if (parameter != null) {
            return parameter(parameter);
        }
        int place = node.operation().slots().indexOf(slot.name());
        if (place >= 0 && place < node.inputs().size()) {
            return value(node.inputs().get(place));
        }
        String name = slot.name().equals(node.operation().outputSlot()) ? "output" : slot.name();
        return switch (name) {
            case "output" -> values.computeIfAbsent(node, n -> fresh(n.name(), slot.dtype(), slot.shape()));
            case "reciprocal" -> extra(node, slot, ((AvgPool2d) geometry).reciprocals());
            default -> extra(node, slot, null);
        };
    }

    private Buffer extra(Node node, Slot slot, double @Nullable [] constant) {
        return extras.computeIfAbsent(node, n -> new HashMap<>()).computeIfAbsent(slot.name(), name -> {
            Buffer buffer = fresh(node.name() + "." + name, slot.dtype(), slot.shape());
            if (constant != null) {
                constants.put(buffer, constant);
                buffer.pin();
            }
            return buffer;
        });
    }

    private Buffer parameter(Parameter parameter) {
        return parameterBuffers.computeIfAbsent(parameter, p -> Buffer.of("parameter", parameters.tensor(p)));
    }

    // Backward

    private void backward(Node node) {
        List<Buffer> parts = contributions.get(node);
        if (parts == null || !Boolean.TRUE.equals(differentiable.get(node))) {
            return;
        }
        Buffer gradient = sum(node, parts);
        if (node.operation() instanceof Operation.Input) {
            inputGradient = gradient;
            return;
        }
        if (isAlias(node) || node.operation() instanceof Operation.Sum) {
            node.inputs().forEach(input -> contribute(input, gradient));
            return;
        }
        if (!node.operation().differentiable()) {
            throw new IllegalArgumentException("layer " + node.name() + ": has no gradient ("
                    + node.operation().getClass().getSimpleName() + "); use the network for inference");
        }
        Fusion fusion = fusions.get(node);
        if (fusion != null && isFirst(fusion)) {
            backward(fusion, "backwardParameters", gradient);
            return;
        }
        Node differentiated = fusion == null ? node : fusion.conv();
        Buffer made = fusion == null
                ? gradient
                : Objects.requireNonNull(
                        backward(fusion, "backwardConv", gradient).get("gradConv"));
        for (String direction : geometry(differentiated).directions()) {
            backward(differentiated, direction, made);
        }
    }

    /**
     * Whether nobody asks for the gradient of the input, and those of the parameters are cheaper from the output's gradient than
     * from that of the convolution's result: of few channels, which would each make the latter anew.
     */
    private boolean isFirst(Fusion fusion) {
        Node conv = fusion.conv();
        Conv2dPool2d whole = (Conv2dPool2d) geometry(fusion.last());
        return format.lanes() > 1
                && whole.gradientFromOutput()
                && !Boolean.TRUE.equals(differentiable.get(conv.inputs().get(0)))
                && conv.parameters().values().stream().allMatch(p -> p.trainable() && isAlone(p));
    }

    private boolean isAlone(Parameter parameter) {
        return !parameterBuffers.containsKey(parameter) || reads(parameter) == 1;
    }

    private Buffer gradient(Node node, Slot slot, Parameter parameter) {
        return Buffer.of(node.name() + "." + slot.name(), parameters.gradient(parameter));
    }

    /** Runs a direction of the whole; its buffers by slot. */
    private Map<String, Buffer> backward(Fusion fusion, String direction, Buffer gradient) {
        Problem problem = geometry(fusion.last()).problem(direction, format);
        Map<String, Parameter> parts = fusion.conv().parameters();
        Map<String, Buffer> bound = new LinkedHashMap<>();
        for (Slot slot : problem.slots()) {
            bound.put(
                    slot.name(),
                    switch (slot.name()) {
                        case "gradOutput" -> gradient;
                        case "gradConv" -> fresh("gradient of " + fusion.conv().name(), slot.dtype(), slot.shape());
                        case "gradWeight" -> gradient(fusion.conv(), slot, Objects.requireNonNull(parts.get("weight")));
                        case "gradBias" -> gradient(fusion.conv(), slot, Objects.requireNonNull(parts.get("bias")));
                        default -> fusedBuffer(fusion, slot);
                    });
        }
        backward.add(new Step(fusion.conv().name(), problem, bound));
        return bound;
    }

    private void backward(Node node, String direction, Buffer gradient) {
        String slotOfParameter = switch (direction) {
            case "backwardWeight" -> "weight";
            case "backwardBias" -> "bias";
            default -> "";
        };
        Node input = node.inputs().get(0);
        Parameter parameter = node.parameters().get(slotOfParameter);
        boolean wanted = direction.equals("backwardInput")
                ? Boolean.TRUE.equals(differentiable.get(input))
                : parameter != null && parameter.trainable();
        if (!wanted) {
            return;
        }
        Problem problem = geometry(node).problem(direction, format);
        Map<String, Buffer> bound = new LinkedHashMap<>();
        Buffer partial = null;
        for (Slot slot : problem.slots()) {
            Buffer buffer = switch (slot.name()) {
                case "gradOutput" -> gradient;
                case "output" -> value(node);
                case "gradInput" -> fresh("gradient of " + input.name(), slot.dtype(), slot.shape());
                case "gradWeight", "gradBias" -> {
                    Parameter read = Objects.requireNonNull(parameter);
                    boolean alone = isAlone(read);
                    Buffer target = alone
                            ? gradient(node, slot, read)
                            : fresh(node.name() + "." + slot.name(), slot.dtype(), slot.shape());
                    partial = alone ? null : target;
                    yield target;
                }
                default -> forwardBuffer(node, slot, geometry(node));
            };
            bound.put(slot.name(), buffer);
        }
        backward.add(new Step(node.name(), problem, bound));
        if (direction.equals("backwardInput")) {
            contribute(input, Objects.requireNonNull(bound.get("gradInput")));
        } else if (partial != null) {
            addToParameter(Objects.requireNonNull(parameter), partial, node.name());
        }
    }

    private int reads(Parameter parameter) {
        return parameterReads.getOrDefault(parameter, 0);
    }

    private final Map<Parameter, List<Buffer>> parameterParts = new HashMap<>();

    /** A parameter with several readers: the parts are added once all are there. */
    private void addToParameter(Parameter parameter, Buffer part, String layer) {
        List<Buffer> parts = parameterParts.computeIfAbsent(parameter, p -> new ArrayList<>());
        parts.add(part);
        if (parts.size() == reads(parameter)) {
            Buffer target = Buffer.of("gradient of a shared parameter", parameters.gradient(parameter));
            addUp(layer, parts, new Add(1, parameter.shape().elements()), new Format(real(), 1), target);
        }
    }

    private void contribute(Node node, Buffer gradient) {
        if (Boolean.TRUE.equals(differentiable.get(node))) {
            contributions.computeIfAbsent(node, n -> new ArrayList<>()).add(gradient);
        }
    }

    private Buffer sum(Node node, List<Buffer> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        Buffer target = fresh("gradient of " + node.name(), real(), value(node).shape());
        addUp(node.name(), parts, new Add(batch, node.features()), format, target);
        return target;
    }

    /** target = parts[0] + parts[1], then target += each further part. */
    private void addUp(String layer, List<Buffer> parts, Add add, Format layout, Buffer target) {
        Problem first = add.problem("forward", layout);
        backward.add(new Step(layer, first, Map.of("a", parts.get(0), "b", parts.get(1), "output", target)));
        for (Buffer part : parts.subList(2, parts.size())) {
            backward.add(new Step(layer, add.problem("accumulate", layout), Map.of("input", part, "sum", target)));
        }
    }

    private void markUses() {
        int index = 0;
        for (List<Step> steps : List.of(forward, backward)) {
            for (Step step : steps) {
                for (Buffer buffer : step.buffers().values()) {
                    if (buffer.last() != Integer.MAX_VALUE) {
                        buffer.use(index);
                    }
                }
                index++;
            }
        }
        graph.inputs().forEach(node -> value(node).pin());
        graph.outputs().forEach(node -> value(node).pin());
        if (outputGradient != null) {
            outputGradient.pin();
        }
        if (inputGradient != null) {
            inputGradient.pin();
        }
    }

    // Results

    List<Step> forward() {
        return forward;
    }

    List<Step> backward() {
        return backward;
    }

    List<Buffer> buffers() {
        return buffers;
    }

    Map<Buffer, double[]> constants() {
        return constants;
    }

    /** What a node computed. */
    Buffer of(Node node) {
        return value(node);
    }

    Buffer input() {
        return value(graph.input());
    }

    Buffer output() {
        return value(graph.output());
    }

    @Nullable
    Buffer outputGradient() {
        return outputGradient;
    }

    @Nullable
    Buffer inputGradient() {
        return inputGradient;
    }
}
