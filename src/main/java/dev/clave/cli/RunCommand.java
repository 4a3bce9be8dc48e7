package dev.clave.cli;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.io.NpyArray;
import dev.clave.io.Npz;
import dev.clave.nn.Graph;
import dev.clave.nn.Inference;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxNetwork;
import dev.clave.onnx.OnnxSession;
import dev.clave.onnx.OnnxTensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs an ONNX model on arrays. */
@Command(
        name = "run",
        description = "Run an ONNX model on numpy arrays.",
        showDefaultValues = true,
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class RunCommand implements Runnable {
    private static final int SHOWN = 10;

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions device;

    @Parameters(index = "0", paramLabel = "MODEL", description = "ONNX file")
    private Path file;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "INPUT",
            description = ".npy files in the order of the model's inputs, or one .npz with their names")
    private List<Path> inputs;

    @Option(names = "--out", description = "write the outputs: .npy for one, .npz for any number")
    private @Nullable Path out;

    @Override
    public void run() {
        OutputFile.checkRegular("--out", out);
        OnnxModel model = OnnxModel.read(file);
        boolean archive = out != null && out.toString().endsWith(".npz");
        if (out != null
                && !archive
                && (!out.toString().endsWith(".npy") || model.outputs().size() != 1)) {
            throw new IllegalArgumentException("--out: the model has "
                    + model.outputs().size() + " outputs; name a .npz file, or a .npy file for one, got " + out);
        }
        Map<String, OnnxTensor> given = given(model);
        Map<String, OnnxTensor> results;
        try (Device opened = device.open()) {
            results = results(opened, model, given);
        }
        PrintWriter print = spec.commandLine().getOut();
        results.forEach((name, tensor) -> print.println(name + " " + tensor + " " + shown(tensor)));
        if (out != null) {
            Map<String, NpyArray> arrays = new LinkedHashMap<>();
            results.forEach((name, tensor) -> arrays.put(name, array(tensor)));
            if (archive) {
                Npz.write(out, arrays, false);
            } else {
                arrays.values().iterator().next().write(out);
            }
            print.println(out + " written");
        }
    }

    private Map<String, OnnxTensor> given(OnnxModel model) {
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        List<OnnxModel.Port> ports = model.givenInputs();
        if (inputs.size() == 1 && inputs.get(0).toString().endsWith(".npz")) {
            Map<String, NpyArray> arrays = Npz.read(inputs.get(0));
            for (OnnxModel.Port port : ports) {
                NpyArray array = arrays.get(port.name());
                if (array == null) {
                    throw new FormatException(
                            inputs.get(0).toString(),
                            -1,
                            "holds no array '" + port.name() + "', the model reads " + ports);
                }
                tensors.put(port.name(), tensor(inputs.get(0), port, array));
            }
            return tensors;
        }
        if (inputs.size() != ports.size()) {
            throw new IllegalArgumentException(
                    "run: the model reads " + ports.size() + " inputs " + ports + ", got " + inputs.size() + " files");
        }
        for (int i = 0; i < ports.size(); i++) {
            tensors.put(ports.get(i).name(), tensor(inputs.get(i), ports.get(i), NpyArray.read(inputs.get(i))));
        }
        return tensors;
    }

    private static OnnxTensor tensor(Path source, OnnxModel.Port port, NpyArray array) {
        if (port.type() == OnnxTensor.FLOAT && array.type() == NpyArray.Type.FLOAT32) {
            return OnnxTensor.of(port.name(), array.shape(), array.floats());
        }
        if (port.type() == OnnxTensor.INT64 && array.type() == NpyArray.Type.INT64) {
            return OnnxTensor.of(port.name(), array.shape(), array.longs());
        }
        throw new FormatException(
                source.toString(),
                -1,
                "holds " + array.type().name().toLowerCase(Locale.ROOT) + ", input '" + port.name() + "' is "
                        + OnnxTensor.typeName(port.type()) + "; FLOAT takes float32, INT64 int64");
    }

    /** As a network of any batch where the model is one: the layout of the device's own networks; else as it stands. */
    private static Map<String, OnnxTensor> results(Device device, OnnxModel model, Map<String, OnnxTensor> given) {
        int[] extents =
                model.givenInputs().size() == 1 ? model.givenInputs().get(0).extents() : null;
        if (model.outputs().size() == 1 && extents != null && extents.length > 1 && extents[0] < 0) {
            OnnxNetwork network = null;
            try {
                network = OnnxNetwork.of(model);
            } catch (FormatException e) {
                // Works along the batch axis or has further free extents: the session takes it or says why not.
            }
            if (network != null) {
                return network(device, model, network, given.values().iterator().next());
            }
        }
        try (OnnxSession session = new OnnxSession(device, model)) {
            return session.run(given);
        }
    }

    private static Map<String, OnnxTensor> network(
            Device device, OnnxModel model, OnnxNetwork network, OnnxTensor input) {
        int[] shape = input.shape().toArray();
        int[] sample = network.inputShape();
        boolean fits = shape.length == sample.length + 1 && shape[0] >= 1;
        for (int i = 0; fits && i < sample.length; i++) {
            fits = shape[i + 1] == sample[i];
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "run: input " + model.givenInputs().get(0) + ", got " + input);
        }
        Graph graph = Graph.record(network.layer(), sample);
        try (Inference inference = new Inference(device, graph, network.weights(), shape[0])) {
            float[] values = (float[]) inference
                    .run(List.of(Objects.requireNonNull(input.floats())))
                    .get(0);
            int[] output = graph.outputs().get(0).shape();
            int[] all = new int[output.length + 1];
            all[0] = shape[0];
            System.arraycopy(output, 0, all, 1, output.length);
            String name = model.outputs().get(0).name();
            return Map.of(name, OnnxTensor.of(name, Shape.of(all), values));
        }
    }

    private static String shown(OnnxTensor tensor) {
        StringBuilder text = new StringBuilder();
        int count = tensor.shape().elements();
        for (int i = 0; i < Math.min(SHOWN, count); i++) {
            text.append(i == 0 ? "" : " ");
            text.append(
                    tensor.floats() != null
                            ? String.format(Locale.ROOT, "%.6g", tensor.floats()[i])
                            : String.valueOf(Objects.requireNonNull(tensor.wholes())[i]));
        }
        return text.append(count > SHOWN ? " ..." : "").toString();
    }

    private static NpyArray array(OnnxTensor tensor) {
        return tensor.floats() != null
                ? NpyArray.of(tensor.shape(), tensor.floats())
                : NpyArray.of(tensor.shape(), Objects.requireNonNull(tensor.wholes()));
    }
}
