package dev.clave.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractSymbolBlock;
import ai.djl.nn.ParameterList;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import dev.clave.Device;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxTensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** A loaded network. Any number of predictors and threads run it at once, each on a compiled plan of its own. */
final class ClaveBlock extends AbstractSymbolBlock implements AutoCloseable {
    private final Device device;
    private final Runners runners;
    private final PairList<String, Shape> inputs;

    private ClaveBlock(Device device, Runners runners, PairList<String, Shape> inputs) {
        this.device = device;
        this.runners = runners;
        this.inputs = inputs;
    }

    /** A network of one input {@code [batch, sample...]} and one output. */
    static ClaveBlock of(Device device, String name, int[] sample, Supplier<Graph> graph, Safetensors weights) {
        PairList<String, Shape> inputs = new PairList<>();
        long[] extents = LongStream.concat(
                        LongStream.of(-1), Arrays.stream(sample).asLongStream())
                .toArray();
        inputs.add(name, new Shape(extents));
        return new ClaveBlock(device, new Runners.Networks(device, name, sample, graph, weights), inputs);
    }

    /** A model of several inputs or outputs, run as it stands. */
    static ClaveBlock of(Device device, OnnxModel model) {
        PairList<String, Shape> inputs = new PairList<>();
        for (OnnxModel.Port port : model.givenInputs()) {
            int[] extents = port.extents();
            inputs.add(
                    port.name(),
                    extents == null
                            ? new Shape()
                            : new Shape(Arrays.stream(extents).asLongStream().toArray()));
        }
        return new ClaveBlock(device, new Runners.Sessions(device, model), inputs);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList given, boolean training, PairList<String, Object> parameters) {
        if (training) {
            throw new UnsupportedOperationException(
                    "Clave: networks train with dev.clave.nn.Model, DJL runs them only");
        }
        if (given.size() != inputs.size()) {
            throw new IllegalArgumentException(
                    "Clave: the network reads " + inputs.size() + " arrays " + inputs.keys() + ", got " + given.size());
        }
        NDManager manager = given.head().getManager();
        List<OnnxTensor> results = runners.run(ordered(given));
        NDList outputs = new NDList();
        for (OnnxTensor result : results) {
            Shape shape = new Shape(
                    Arrays.stream(result.shape().toArray()).asLongStream().toArray());
            NDArray array = result.floats() != null
                    ? manager.create(result.floats(), shape)
                    : manager.create(result.wholes(), shape);
            array.setName(result.name());
            outputs.add(array);
        }
        return outputs;
    }

    /** Inputs by name where they have one, else in their order. */
    private List<OnnxTensor> ordered(NDList given) {
        OnnxTensor[] tensors = new OnnxTensor[inputs.size()];
        for (int i = 0; i < tensors.length; i++) {
            NDArray array = given.get(i);
            int place = array.getName() == null ? i : inputs.keys().indexOf(array.getName());
            place = place < 0 && tensors.length == 1 ? 0 : place; // one array needs no name of ours
            if (place < 0 || tensors[place] != null) {
                throw new IllegalArgumentException("Clave: an array is called '" + array.getName()
                        + "', the network reads " + inputs.keys() + ", each once");
            }
            tensors[place] = tensor(inputs.keys().get(place), array);
        }
        return List.of(tensors);
    }

    private static OnnxTensor tensor(String name, NDArray array) {
        int[] extents = Arrays.stream(array.getShape().getShape())
                .mapToInt(Math::toIntExact)
                .toArray();
        dev.clave.Shape shape = dev.clave.Shape.of(extents);
        if (array.getDataType() == DataType.INT64) {
            return OnnxTensor.of(name, shape, array.toLongArray());
        }
        if (array.getDataType() != DataType.FLOAT32) {
            throw new IllegalArgumentException("Clave: input '" + name + "' is FLOAT32, got " + array.getDataType()
                    + "; use toType(DataType.FLOAT32, false)");
        }
        return OnnxTensor.of(name, shape, array.toFloatArray());
    }

    @Override
    public PairList<String, Shape> describeInput() {
        return inputs;
    }

    /** None: the weights lie on the device and are no arrays of DJL. */
    @Override
    public ParameterList getDirectParameters() {
        return new ParameterList();
    }

    @Override
    public void removeLastBlock() {
        throw new UnsupportedOperationException("Clave: a network is fixed when it is loaded");
    }

    @Override
    public void close() {
        runners.close();
        device.close();
    }
}
