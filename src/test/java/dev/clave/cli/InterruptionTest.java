package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.internal.Json;
import dev.clave.io.Safetensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, or a polite kill, ends training with a checkpoint from which it goes on as if nothing had been. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process there cannot be asked to end")
class InterruptionTest {
    @TempDir
    private Path folder;

    private void write(String part, ImageDataset data) throws IOException {
        ByteBuffer images = ByteBuffer.allocate(16 + data.pixels().length);
        images.putInt(0x803).putInt(data.size()).putInt(28).putInt(28).put(data.pixels());
        ByteBuffer labels = ByteBuffer.allocate(8 + data.size()).putInt(0x801).putInt(data.size());
        Arrays.stream(data.labels()).forEach(label -> labels.put((byte) label));
        Files.write(folder.resolve(part + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(part + "-labels-idx1-ubyte"), labels.array());
    }

    private List<String> arguments(int epochs, String... more) {
        List<String> all = new ArrayList<>(List.of("train", "--data", folder.toString(), "--device", "cpu"));
        all.addAll(List.of("--batch", "8", "--epochs", String.valueOf(epochs), "--save-dir", folder + "/run"));
        all.addAll(List.of(more));
        return all;
    }

    @Test
    void endsWithACheckpointAndGoesOn() throws IOException, InterruptedException {
        write("train", BuiltInDigits.generate(48, 1));
        write("t10k", BuiltInDigits.generate(16, 2));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(arguments(1_000_000));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String hint = null;
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            boolean asked = false;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (!asked && line.startsWith("Epoch 2/")) {
                    process.toHandle().destroy(); // unlike Process.destroy, this leaves the streams open
                    asked = true;
                }
                hint = line.startsWith("stopped; go on with: ") ? line : hint;
            }
        }
        assertEquals(143, process.waitFor());
        Path file = folder.resolve("run/interrupted.safetensors");
        assertNotNull(hint, "no hint how to go on");
        assertTrue(hint.startsWith("stopped; go on with: ./clave train --data "), hint);
        assertTrue(hint.endsWith(" --resume " + file), hint);
        int done = Integer.parseInt(
                String.valueOf(Safetensors.read(file).metadata().get("epoch")));
        assertTrue(done >= 1);
        List<Object> resumed = epochs(arguments(done + 1, "--resume", file.toString()));
        assertEquals(epochs(arguments(done + 1)).get(done), resumed.get(0));
    }

    private List<Object> epochs(List<String> arguments) throws IOException {
        Path json = folder.resolve("out.json");
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of("--json", json.toString()));
        StringWriter err = new StringWriter();
        int code = Main.run(
                Main.commandLine().setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err)),
                all.toArray(String[]::new));
        assertEquals(0, code, err.toString());
        List<Object> rows = new ArrayList<>();
        for (Object row : (List<?>) ((Map<?, ?>) Json.parse("json", Files.readString(json))).get("epochs")) {
            Map<?, ?> fields = (Map<?, ?>) row;
            rows.add(List.of(fields.get("epoch"), fields.get("loss"), fields.get("evalLoss")));
        }
        return rows;
    }
}
