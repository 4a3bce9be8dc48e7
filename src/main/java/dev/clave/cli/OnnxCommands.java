package dev.clave.cli;

import dev.clave.FormatException;
import dev.clave.io.NewFile;
import dev.clave.io.NpyArray;
import dev.clave.io.Npz;
import dev.clave.io.Safetensors;
import dev.clave.nn.Network;
import dev.clave.onnx.OnnxExport;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Commands that write and look into interchange files. */
final class OnnxCommands {
    private OnnxCommands() {}

    /** Weights to ONNX. */
    @Command(
            name = "export",
            description = "Write saved weights as an ONNX model for inference with any batch, or as numpy arrays.",
            mixinStandardHelpOptions = true)
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    static final class Export implements Runnable {
        @Spec
        private CommandSpec spec;

        @Option(names = "--model", required = true, description = "weights saved by train --save")
        private Path model;

        @Option(names = "--onnx", paramLabel = "OUT", description = "ONNX file to write")
        private @Nullable Path onnx;

        @Option(names = "--npz", paramLabel = "OUT", description = "numpy archive of the weights to write")
        private @Nullable Path npz;

        @Override
        public void run() {
            if (onnx == null && npz == null) {
                throw new IllegalArgumentException("export: name a file to write with --onnx or --npz");
            }
            OutputFile.checkRegular("--onnx", onnx);
            OutputFile.checkRegular("--npz", npz);
            Network network = Network.of(model);
            Safetensors weights = Safetensors.read(model);
            PrintWriter out = spec.commandLine().getOut();
            if (onnx != null) {
                OnnxModel exported = onnx(network, weights);
                exported.write(onnx);
                out.println(onnx + " written: " + network.name() + ", "
                        + exported.nodes().size() + " nodes, input "
                        + exported.inputs().get(0));
            }
            if (npz != null) {
                Map<String, NpyArray> arrays = new LinkedHashMap<>();
                for (String name : network.layer().parameters().keySet()) {
                    arrays.put(name, NpyArray.of(weights.shape(name), weights.floats(name)));
                }
                Npz.write(npz, arrays, false);
                out.println(npz + " written: " + network.name() + ", " + arrays.size() + " arrays");
            }
        }

        private OnnxModel onnx(Network network, Safetensors weights) {
            try {
                return OnnxExport.of(network.layer(), network.inputShape(), weights);
            } catch (IllegalArgumentException e) {
                throw new FormatException(model.toString(), -1, String.valueOf(e.getMessage()));
            }
        }
    }

    /** What a file holds. */
    @Command(
            name = "inspect",
            description = "List what an ONNX or safetensors file holds.",
            mixinStandardHelpOptions = true)
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    static final class Inspect implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "ONNX or safetensors")
        private Path file;

        @Override
        public void run() {
            PrintWriter out = spec.commandLine().getOut();
            if (!isSafetensors(file)) {
                OnnxReport.lines(OnnxModel.read(file)).forEach(out::println);
                return;
            }
            Safetensors tensors = Safetensors.read(file);
            out.println("safetensors");
            tensors.metadata().forEach((key, value) -> out.println("metadata " + key + " = " + value));
            long elements = 0;
            for (String name : tensors.names()) {
                out.println("tensor  " + name + " " + tensors.shape(name));
                elements += tensors.shape(name).elements();
            }
            out.println(tensors.names().size() + " tensors with " + elements + " elements");
        }

        /**
         * By the name, so that a broken file is told what is wrong with it; else by its begin: a length of eight bytes and a
         * brace. No ONNX file has a brace there with zeros before.
         */
        private static boolean isSafetensors(Path file) {
            if (file.toString().endsWith(".safetensors")) {
                return true;
            }
            try (java.io.InputStream in = Files.newInputStream(file)) {
                byte[] head = in.readNBytes(9);
                return head.length == 9 && head[8] == '{' && head[5] == 0 && head[6] == 0 && head[7] == 0;
            } catch (IOException e) {
                throw new FormatException(file.toString(), -1, "cannot be read: " + NewFile.reason(e));
            }
        }
    }
}
