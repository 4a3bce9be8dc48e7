package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Shape;
import dev.clave.io.NpyArray;
import dev.clave.io.Npz;
import dev.clave.io.Safetensors;
import dev.clave.nn.Network;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Export and inspect as a person types them. */
class OnnxCommandsTest {
    private record Result(int code, String out, String err) {}

    private static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = line.execute(arguments);
        return new Result(code, out.toString(), err.toString());
    }

    private static void weights(Path file, String network) {
        Safetensors weights = new Safetensors();
        weights.metadata().put("network", network);
        Network.of("relu")
                .layer()
                .parameters()
                .forEach((name, parameter) -> weights.put(
                        name, parameter.shape(), new float[parameter.shape().elements()]));
        weights.write(file);
    }

    @Test
    void exportsAndInspects(@TempDir Path folder) {
        Path weights = folder.resolve("w.safetensors");
        Path onnx = folder.resolve("w.onnx");
        weights(weights, "relu");
        Result exported = run("export", "--model", weights.toString(), "--onnx", onnx.toString());
        assertEquals(0, exported.code(), exported.err());
        assertTrue(exported.out().contains("input input FLOAT[?, 1, 28, 28]"), exported.out());
        Result model = run("inspect", onnx.toString());
        assertEquals(0, model.code(), model.err());
        assertTrue(model.out().contains("ONNX, operators of version 13, by clave"), model.out());
        assertTrue(model.out().contains("tensor  classifier.0.weight FLOAT[120, 400]"), model.out());
        assertTrue(model.out().contains("10 tensors with 61610 elements"), model.out());
        Result file = run("inspect", weights.toString());
        assertEquals(0, file.code(), file.err());
        assertTrue(file.out().contains("metadata network = relu"), file.out());
        assertTrue(file.out().contains("tensor  features.0.weight [6, 1, 3, 3]"), file.out());
        assertTrue(file.out().contains("10 tensors with 61610 elements"), file.out());
    }

    @Test
    void runsModelsOnArrays(@TempDir Path folder) {
        Path fixtures = Path.of("src/test/resources/onnx");
        Safetensors data = Safetensors.read(fixtures.resolve("relu_lenet.safetensors"));
        Path input = folder.resolve("in.npy");
        Path output = folder.resolve("out.npy");
        NpyArray.of(data.shape("input"), data.floats("input")).write(input);
        String model = fixtures.resolve("relu_lenet.onnx").toString();
        Result ran = run("run", model, input.toString(), "--out", output.toString());
        assertEquals(0, ran.code(), ran.err());
        assertTrue(ran.out().contains("scores FLOAT[5, 10] "), ran.out());
        NpyArray got = NpyArray.read(output);
        assertEquals(data.shape("output"), got.shape());
        assertArrayEquals(data.floats("output"), got.floats(), 1e-5f);

        Path named = folder.resolve("in.npz");
        Path archive = folder.resolve("out.npz");
        Npz.write(named, Map.of("image", NpyArray.of(data.shape("input"), data.floats("input"))), false);
        Result second = run("run", model, named.toString(), "--out", archive.toString(), "--device", "cpu");
        assertEquals(0, second.code(), second.err());
        assertArrayEquals(data.floats("output"), Npz.read(archive).get("scores").floats(), 1e-5f);

        NpyArray.of(Shape.of(2, 3), new float[6]).write(input);
        Result wrong = run("run", model, input.toString());
        assertEquals(2, wrong.code());
        assertTrue(wrong.err().contains("input image FLOAT[?, 1, 28, 28], got FLOAT[2, 3]"), wrong.err());
        NpyArray.of(Shape.of(2, 3), new double[6]).write(input);
        Result doubles = run("run", model, input.toString());
        assertEquals(3, doubles.code());
        assertTrue(doubles.err().contains("holds float64, input 'image' is FLOAT"), doubles.err());
        assertEquals(2, run("run", model, input.toString(), input.toString()).code());
    }

    @Test
    void exportsArrays(@TempDir Path folder) {
        Path weights = folder.resolve("w.safetensors");
        Path npz = folder.resolve("w.npz");
        weights(weights, "relu");
        assertEquals(
                0,
                run("export", "--model", weights.toString(), "--npz", npz.toString())
                        .code());
        assertEquals(
                Network.of("relu").layer().parameters().keySet(), Npz.read(npz).keySet());
        assertEquals(2, run("export", "--model", weights.toString()).code());
    }

    @Test
    void badFilesSaySo(@TempDir Path folder) throws IOException {
        Path weights = folder.resolve("w.safetensors");
        Path onnx = folder.resolve("w.onnx");
        weights(weights, "unknown");
        Result unknown = run("export", "--model", weights.toString(), "--onnx", onnx.toString());
        assertEquals(3, unknown.code());
        assertTrue(unknown.err().contains("holds network 'unknown'"), unknown.err());
        weights(weights, "tanh");
        Result other = run("export", "--model", weights.toString(), "--onnx", onnx.toString());
        assertEquals(3, other.code());
        assertTrue(other.err().contains("the weights hold no 'features.0.weight' of [6, 1, 5, 5]"), other.err());
        assertFalse(Files.exists(onnx));
        Files.writeString(onnx, "no protobuf at all");
        Result broken = run("inspect", onnx.toString());
        assertEquals(3, broken.code());
        assertTrue(broken.err().contains(onnx.toString()), broken.err());
        Path missing = folder.resolve("missing");
        for (Path file : List.of(missing, missing.resolveSibling("missing.safetensors"), folder)) {
            Result refused = run("inspect", file.toString());
            assertEquals(3, refused.code());
            String reason = file.equals(folder) ? "Is a directory" : "no such file";
            assertTrue(refused.err().endsWith(file + ": cannot be read: " + reason + "\n"), refused.err());
        }
        Files.writeString(weights, "no safetensors, and longer than eight bytes");
        Result unlike = run("inspect", weights.toString());
        assertEquals(3, unlike.code());
        assertTrue(unlike.err().contains("header of "), unlike.err());
        weights(weights, "relu");
        Path nowhere = folder.resolve("none").resolve("w.onnx");
        assertEquals(
                2,
                run("export", "--model", weights.toString(), "--onnx", nowhere.toString())
                        .code());
    }
}
