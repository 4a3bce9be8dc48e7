package dev.clave.djl;

import ai.djl.BaseModel;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.nn.Network;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxNetwork;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model of Clave: weights saved by {@code Model.save} or {@code clave train --save} ({@code .safetensors}), or an ONNX model
 * ({@code .onnx}). The option {@code device} names where it runs, {@code auto} by default; the device is opened when the
 * model is loaded and closed with it. Close predictors before their model.
 */
public final class ClaveModel extends BaseModel {
    private static final List<String> SUFFIXES = List.of("", ".safetensors", ".onnx");

    ClaveModel(String name, NDManager manager) {
        super(name);
        this.manager = manager;
        this.manager.setName("claveModel");
        this.dataType = DataType.FLOAT32;
    }

    /**
     * Loads a file, or from a directory the file named {@code prefix}, else named as the model, as the directory, or {@code
     * model}, with the suffix {@code .safetensors} or {@code .onnx}.
     *
     * @throws MalformedModelException when the file is broken or holds what is not supported; the message says which
     */
    @Override
    public void load(Path path, String prefix, Map<String, ?> options) throws IOException, MalformedModelException {
        setModelDir(path);
        Path file = find(prefix);
        String selector =
                options == null || options.get("device") == null ? "auto" : String.valueOf(options.get("device"));
        start(selector, device -> block(device, file));
    }

    /** Loads an ONNX model; weights need a file, whose name tells them apart. */
    @Override
    public void load(InputStream stream, Map<String, ?> options) throws IOException, MalformedModelException {
        byte[] bytes = stream.readAllBytes();
        String selector =
                options == null || options.get("device") == null ? "auto" : String.valueOf(options.get("device"));
        start(selector, device -> onnx(device, OnnxModel.parse(getName(), bytes)));
    }

    private interface Maker {
        ClaveBlock make(Device device);
    }

    private void start(String selector, Maker maker) throws MalformedModelException {
        if (block != null) {
            throw new UnsupportedOperationException(
                    "Clave: model " + getName() + " has a block already; blocks of DJL do not run here");
        }
        Device device = Device.open(selector);
        try {
            ClaveBlock made = maker.make(device);
            manager.attachInternal(NDManager.nextUid(), made);
            block = made;
            wasLoaded = true;
        } catch (FormatException e) {
            device.close();
            throw new MalformedModelException("Clave: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private static ClaveBlock block(Device device, Path file) {
        if (file.toString().endsWith(".onnx")) {
            return onnx(device, OnnxModel.read(file));
        }
        Network network = Network.of(file);
        Safetensors weights = Safetensors.read(file);
        return ClaveBlock.of(
                device,
                "image",
                network.inputShape(),
                () -> Graph.record(network.layer(), network.inputShape()),
                weights);
    }

    private static ClaveBlock onnx(Device device, OnnxModel model) {
        if (model.givenInputs().size() != 1 || model.outputs().size() != 1) {
            return ClaveBlock.of(device, model);
        }
        OnnxNetwork network = OnnxNetwork.of(model);
        return ClaveBlock.of(
                device,
                model.givenInputs().get(0).name(),
                network.inputShape(),
                () -> Graph.record(network.layer(), network.inputShape()),
                network.weights());
    }

    private Path find(String prefix) throws FileNotFoundException {
        if (Files.isRegularFile(modelDir)) {
            Path file = modelDir;
            Path parent = file.toAbsolutePath().getParent();
            modelDir = parent == null ? file : parent;
            return file;
        }
        String folder = String.valueOf(modelDir.getFileName());
        List<String> names = prefix != null ? List.of(prefix) : List.of(modelName, folder, "model");
        for (String name : names) {
            for (String suffix : SUFFIXES) {
                Path file = modelDir.resolve(name + suffix);
                if (Files.isRegularFile(file)) {
                    return file;
                }
            }
        }
        throw new FileNotFoundException(
                "Clave: no file " + String.join(" or ", names) + " ending in .safetensors or .onnx in " + modelDir);
    }
}
