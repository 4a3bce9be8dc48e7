package dev.clave.onnx;

import dev.clave.FormatException;
import dev.clave.io.NewFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX file (github.com/onnx/onnx, onnx.proto): a graph of nodes in an order that can be run, its inputs, outputs
 * and initialisers. Reading trusts nothing: lengths and counts are checked before anything is allocated, external data,
 * sparse tensors and control flow are refused, and names must be defined before they are read. What the operators mean
 * is checked when the model is turned into a network.
 *
 * @param source file name, for messages
 * @param producer the program that wrote the file
 * @param opset version of the standard operators
 * @param nodes operators, in an order that can be run
 * @param inputs the inputs, in order
 * @param outputs the outputs, in order
 * @param initializers constant tensors by name
 */
public record OnnxModel(
        String source,
        String producer,
        long opset,
        List<OnnxNode> nodes,
        List<Port> inputs,
        List<Port> outputs,
        Map<String, OnnxTensor> initializers) {
    private static final int MOST_NODES = 1 << 16;
    private static final long NEWEST_OPSET = 25;
    private static final int IR_VERSION = 8;

    /**
     * An input or output.
     *
     * @param name name of the tensor
     * @param type element type, see {@link OnnxTensor#typeName}
     * @param extents -1 for one that is free; null when the file tells no shape
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Port(String name, int type, int @Nullable [] extents) {
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(name + " " + OnnxTensor.typeName(type));
            if (extents != null) {
                String list = java.util.Arrays.toString(extents);
                text.append(list.replace("-1", "?"));
            }
            return text.toString();
        }
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return the model
     * @throws FormatException when it cannot be read or breaks a rule of the format
     */
    public static OnnxModel read(Path file) {
        byte[] bytes = bytes(file);
        try {
            return parse(file.toString(), bytes);
        } catch (OutOfMemoryError e) {
            throw new FormatException(
                    file.toString(), -1, "a file of " + bytes.length + " bytes needs more memory than there is: " + e);
        }
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException | OutOfMemoryError e) {
            throw new FormatException(file.toString(), -1, "cannot be read: " + NewFile.reason(e));
        }
    }

    /**
     * Reads the bytes of a file.
     *
     * @param source name for messages
     * @param bytes of a file
     * @return the model
     * @throws FormatException when they break a rule of the format
     */
    public static OnnxModel parse(String source, byte[] bytes) {
        ProtoReader in = new ProtoReader(source, bytes);
        String producer = "";
        long opset = 0;
        OnnxModel graph = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 2 -> producer = in.text();
                case 7 -> {
                    if (graph != null) {
                        throw in.broken("a second graph");
                    }
                    graph = graph(source, in.message());
                }
                case 8 -> opset = opset(in.message(), opset);
                default -> in.skip();
            }
        }
        if (graph == null) {
            throw in.broken("there is no graph; is it an ONNX file?");
        }
        if (opset < 1 || opset > NEWEST_OPSET) {
            throw in.broken("operators of version " + opset + ", known are 1 to " + NEWEST_OPSET);
        }
        OnnxModel model =
                new OnnxModel(source, producer, opset, graph.nodes, graph.inputs, graph.outputs, graph.initializers);
        model.checkNames();
        return model;
    }

    private static long opset(ProtoReader in, long before) {
        String domain = "";
        long version = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> domain = in.text();
                case 2 -> version = in.whole();
                default -> in.skip();
            }
        }
        return domain.isEmpty() || domain.equals("ai.onnx") ? version : before;
    }

    private static OnnxModel graph(String source, ProtoReader in) {
        List<OnnxNode> nodes = new ArrayList<>();
        List<Port> inputs = new ArrayList<>();
        List<Port> outputs = new ArrayList<>();
        Map<String, OnnxTensor> initializers = new LinkedHashMap<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> nodes.add(OnnxNode.read(in.message()));
                case 5 -> {
                    OnnxTensor tensor = OnnxTensor.read(in.message());
                    if (initializers.put(tensor.name(), tensor) != null) {
                        throw in.broken("initialiser '" + tensor.name() + "' is there twice");
                    }
                }
                case 11 -> inputs.add(port(in.message()));
                case 12 -> outputs.add(port(in.message()));
                case 15 -> throw in.broken("sparse initialisers are not supported");
                default -> in.skip();
            }
            if (nodes.size() > MOST_NODES || initializers.size() + inputs.size() + outputs.size() > MOST_NODES) {
                throw in.broken("more than " + MOST_NODES + " nodes or tensors");
            }
        }
        return new OnnxModel(source, "", 0, nodes, inputs, outputs, initializers);
    }

    private static Port port(ProtoReader in) {
        String name = "";
        Port found = new Port("", 0, null);
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> name = in.text();
                case 2 -> found = type(in.message());
                default -> in.skip();
            }
        }
        return new Port(name, found.type, found.extents);
    }

    private static Port type(ProtoReader in) {
        int type = 0;
        int[] extents = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field != 1) {
                throw in.broken("a value that is no tensor");
            }
            ProtoReader tensor = in.message();
            for (int inner = tensor.next(); inner != 0; inner = tensor.next()) {
                switch (inner) {
                    case 1 -> type = tensor.small();
                    case 2 -> extents = extents(tensor.message());
                    default -> tensor.skip();
                }
            }
        }
        return new Port("", type, extents);
    }

    private static int[] extents(ProtoReader in) {
        List<Integer> extents = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field != 1) {
                in.skip();
                continue;
            }
            ProtoReader dimension = in.message();
            int extent = -1;
            for (int inner = dimension.next(); inner != 0; inner = dimension.next()) {
                if (inner == 1) {
                    extent = dimension.small();
                    if (extent < 0) {
                        throw dimension.broken("an extent of " + extent);
                    }
                } else {
                    dimension.skip();
                }
            }
            extents.add(extent);
            if (extents.size() > 16) {
                throw in.broken("more than 16 axes");
            }
        }
        return extents.stream().mapToInt(Integer::intValue).toArray();
    }

    private void checkNames() {
        Set<String> known = new HashSet<>(initializers.keySet());
        Set<String> ports = new HashSet<>();
        for (Port input : inputs) {
            if (!ports.add(input.name())) {
                throw new FormatException(source, -1, "input '" + input.name() + "' is there twice");
            }
        }
        known.addAll(ports);
        for (OnnxNode node : nodes) {
            for (String input : node.inputs()) {
                if (!input.isEmpty() && !known.contains(input)) {
                    throw new FormatException(
                            source, node.offset(), node + " reads '" + input + "', which nothing before it makes");
                }
            }
            for (String output : node.outputs()) {
                if (!output.isEmpty() && !known.add(output)) {
                    throw new FormatException(source, node.offset(), node + " makes '" + output + "' again");
                }
            }
        }
        for (Port output : outputs) {
            if (!known.contains(output.name())) {
                throw new FormatException(source, -1, "output '" + output.name() + "' is made by no node");
            }
        }
        if (outputs.isEmpty()) {
            throw new FormatException(source, -1, "the graph has no outputs");
        }
    }

    /** {@return inputs a caller gives: those without an initialiser} */
    public List<Port> givenInputs() {
        return inputs.stream()
                .filter(input -> !initializers.containsKey(input.name()))
                .toList();
    }

    /** {@return the bytes of the file} */
    public byte[] toBytes() {
        ProtoWriter graph = new ProtoWriter();
        nodes.forEach(node -> graph.message(1, node.write()));
        graph.text(2, "network");
        initializers.values().forEach(tensor -> graph.message(5, tensor.write()));
        inputs.forEach(port -> graph.message(11, write(port)));
        outputs.forEach(port -> graph.message(12, write(port)));
        return new ProtoWriter()
                .whole(1, IR_VERSION)
                .text(2, producer)
                .message(7, graph)
                .message(8, new ProtoWriter().text(1, "").whole(2, opset))
                .bytes();
    }

    private static ProtoWriter write(Port port) {
        ProtoWriter shape = new ProtoWriter();
        for (int extent : port.extents == null ? new int[0] : port.extents) {
            shape.message(1, extent < 0 ? new ProtoWriter().text(2, "batch") : new ProtoWriter().whole(1, extent));
        }
        ProtoWriter tensor = new ProtoWriter().whole(1, port.type).message(2, shape);
        return new ProtoWriter().text(1, port.name).message(2, new ProtoWriter().message(1, tensor));
    }

    /**
     * Writes the file; a reader sees the old or the new one.
     *
     * @param file the file
     * @throws IllegalArgumentException when the directory is missing
     * @throws FormatException when writing fails
     */
    public void write(Path file) {
        byte[] bytes = toBytes();
        NewFile.write(file, out -> out.write(bytes));
    }
}
