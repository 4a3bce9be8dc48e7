package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.io.Safetensors;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import java.util.ArrayList;
import java.util.List;

/**
 * A recorded network with fixed weights, compiled for a device and a batch: host arrays in, host arrays out, any number of
 * inputs and outputs. Used by one thread at a time.
 */
public final class Inference implements AutoCloseable {
    private final Graph graph;
    private final int batch;
    private final int lanes;
    private final Plan plan;
    private final Chain pass;
    private final Owned owned = new Owned();

    /**
     * Compiles.
     *
     * @param device where it runs
     * @param graph the recorded network
     * @param weights every parameter of the graph's root by name
     * @param batch samples per run, at least 1
     * @throws FormatException when weights are missing or have another shape
     * @throws IllegalArgumentException when an operation cannot be compiled; the message names the node
     */
    public Inference(Device device, Graph graph, Safetensors weights, int batch) {
        if (batch < 1) {
            throw new IllegalArgumentException("inference: batch is at least 1, got " + batch);
        }
        this.graph = graph;
        this.batch = batch;
        boolean plain = isFolding(graph) || (batch == 1 && holdsConstants(graph));
        Format format = plain ? new Format(DType.F32, 1) : Plan.format(device, DType.F32);
        this.lanes = format.lanes();
        ParameterSet parameters = owned.add(new ParameterSet(device, DType.F32, graph.root()));
        try {
            parameters.load("weights", weights, false);
            this.plan = owned.add(new Plan(device, graph, parameters, format, batch, Lowering.Purpose.INFERENCE, 0));
            this.pass = owned.add(Chain.of(plan.forwardPass()));
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    /** Whether some operation moves samples into the batch axis: such a network runs with one sample per vector. */
    static boolean isFolding(Graph graph) {
        return graph.live().stream()
                .anyMatch(node -> node.operation()
                        .folds(node.inputs().stream().map(Node::shape).toList()));
    }

    /** Whether a constant is read as a value. Of one sample it may stand for the sample itself, whose shape has no lanes. */
    private static boolean holdsConstants(Graph graph) {
        return graph.live().stream().anyMatch(node -> node.operation() instanceof Operation.Fixed);
    }

    /** {@return samples per run} */
    public int batch() {
        return batch;
    }

    /** {@return what is launched in a run, in order} */
    public String explain() {
        return plan.explain();
    }

    /**
     * Runs once.
     *
     * @param inputs one array per input of the graph: float[] in [batch, sample...] order, int[] for offsets
     * @return one array per output: float[], or int[] for offsets
     * @throws IllegalArgumentException when number or length of the arrays is wrong
     */
    public List<Object> run(List<?> inputs) {
        List<Node> reads = graph.inputs();
        if (inputs.size() != reads.size()) {
            throw new IllegalArgumentException(
                    "inference: the network reads " + reads.size() + " inputs, got " + inputs.size());
        }
        for (int i = 0; i < reads.size(); i++) {
            write(reads.get(i), inputs.get(i));
        }
        pass.run();
        List<Object> results = new ArrayList<>();
        for (Node node : graph.outputs()) {
            results.add(read(node));
        }
        return results;
    }

    private void write(Node node, Object values) {
        Tensor tensor = plan.tensor(node);
        int elements = Shape.of(node.shape()).elements();
        int length = values instanceof float[] floats ? floats.length : values instanceof int[] ints ? ints.length : -1;
        if (length != (long) batch * elements || (tensor.dtype() == DType.I32) != (values instanceof int[])) {
            throw new IllegalArgumentException("inference: " + node.name() + " takes " + batch + " samples of "
                    + Shape.of(node.shape()) + " as " + (tensor.dtype() == DType.I32 ? "int[]" : "float[]") + ", got "
                    + (length < 0 ? "neither float[] nor int[]" : length + " elements"));
        }
        if (length == 0) {
            return;
        }
        int total = tensor.shape().elements();
        if (values instanceof int[] ints) {
            int[] placed = new int[total];
            for (int i = 0; i < ints.length; i++) {
                placed[place(i, elements)] = ints[i];
            }
            tensor.write(placed);
        } else {
            float[] floats = (float[]) values;
            float[] placed = new float[total];
            for (int i = 0; i < floats.length; i++) {
                placed[place(i, elements)] = floats[i];
            }
            tensor.write(placed);
        }
    }

    /** Where element i of [batch, sample] lies with several samples side by side. */
    private int place(int i, int elements) {
        int n = i / elements;
        return (n / lanes * elements + i % elements) * lanes + n % lanes;
    }

    private Object read(Node node) {
        Tensor tensor = plan.tensor(node);
        int elements = Shape.of(node.shape()).elements();
        boolean shared = node.operation() instanceof Operation.Fixed;
        if (tensor.dtype() == DType.I32) {
            int[] placed = tensor.readInts();
            int[] values = new int[batch * elements];
            for (int i = 0; i < values.length; i++) {
                values[i] = placed[place(i, elements)];
            }
            return values;
        }
        float[] placed = elements == 0 ? new float[0] : tensor.readFloats();
        float[] values = new float[batch * elements];
        for (int i = 0; i < values.length; i++) {
            values[i] = placed[shared ? i % elements : place(i, elements)];
        }
        return values;
    }

    @Override
    public void close() {
        owned.close();
    }
}
