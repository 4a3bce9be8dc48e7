package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Shape;
import dev.clave.io.Safetensors;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a person can get wrong: the exit code, one line that names the fault, and no file changed. */
class BadInputTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        for (String part : new String[] {"train", "t10k"}) {
            idx(part + "-images-idx3-ubyte", new byte[4 * 784], 0x803, 4, 28, 28);
            idx(part + "-labels-idx1-ubyte", new byte[] {0, 9, 5, 1}, 0x801, 4);
        }
    }

    private void idx(String name, byte[] content, int... header) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * header.length + content.length);
        Arrays.stream(header).forEach(bytes::putInt);
        Files.write(data.resolve(name), bytes.put(content).array());
    }

    private TreeMap<String, Integer> files() throws IOException {
        TreeMap<String, Integer> found = new TreeMap<>();
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                found.put(path.toString(), Arrays.hashCode(Files.readAllBytes(path)));
            }
        }
        return found;
    }

    private void refused(int code, String what, String... arguments) throws IOException {
        TreeMap<String, Integer> before = files();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(new StringWriter()));
        int got = Main.run(line.setErr(new PrintWriter(err)), arguments);
        String message = err.toString();
        assertEquals(code, got, message);
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.startsWith("clave: ") && message.contains(what), message + " lacks " + what);
        assertFalse(message.contains("Exception"), message);
        assertEquals(before, files());
    }

    private void train(int code, String what, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("train", "--data", data.toString(), "--batch", "2"));
        if (!List.of(more).contains("--device")) {
            arguments.addAll(List.of("--device", "cpu"));
        }
        for (int i = 0; i < more.length; i += 2) {
            int at = arguments.indexOf(more[i]);
            if (at < 0) {
                arguments.addAll(List.of(more[i], more[i + 1]));
            } else {
                arguments.set(at + 1, more[i + 1]);
            }
        }
        refused(code, what, arguments.toArray(String[]::new));
    }

    @Test
    void brokenIdxFiles() throws IOException {
        String labels = "train-labels-idx1-ubyte";
        idx(labels, new byte[] {0, 9, 5}, 0x801, 4);
        train(3, labels + " at byte 11: cut");
        idx(labels, new byte[] {0, 9, 5, 1, 2}, 0x801, 4);
        train(3, labels + " at byte 12: bytes behind the end");
        idx(labels, new byte[] {0, 9, 5}, 0x801, 3);
        train(3, labels + " at byte 4: 3 labels for 4 images");
        idx(labels, new byte[] {0, 10, 5, 1}, 0x801, 4);
        train(3, labels + " at byte 9: label 10");
        idx(labels, new byte[] {0, 9, 5, 1}, 0x802, 4);
        train(3, labels + " at byte 0: magic 0x00000802");
        idx(labels, new byte[0], 0x801, 0);
        train(3, labels + " at byte 4: holds no samples");
        Files.write(data.resolve(labels), new byte[0]);
        train(3, labels + ": cut");
        Files.delete(data.resolve(labels));
        train(3, labels + ": missing");
        Files.createDirectory(data.resolve(labels));
        train(3, labels + ": ");
        Files.delete(data.resolve(labels));
        idx(labels, new byte[] {0, 9, 5, 1}, 0x801, 4);
        idx("train-images-idx3-ubyte", new byte[4 * 60], 0x803, 4, 6, 10);
        train(3, "MNIST train holds images of 6x10, the network takes 28x28");
        train(3, "no such directory", "--data", folder.resolve("nowhere").toString());
    }

    @Test
    void optionsOutOfRange() throws IOException {
        train(2, "--batch is at least 1, got 0", "--batch", "0");
        train(2, "--batch 5 is more than the 4 training images", "--batch", "5");
        train(2, "--epochs is at least 1, got 0", "--epochs", "0");
        for (String rate : new String[] {"-1", "0", "NaN", "Infinity"}) {
            train(2, "--lr is a finite number above 0, got", "--lr", rate);
        }
        train(2, "vgg", "--network", "vgg");
        train(4, "unknown device 'nosuch'", "--device", "nosuch");
        refused(2, "--index: 4 is outside 0..3", "view", "--data", data.toString(), "--index", "0,4");
        refused(2, "--sample: -1 is outside 0..3", "view", "--data", data.toString(), "--sample", "-1");
    }

    /** Numbers that are none end training; no file of before is touched, and none with such weights is made. */
    @Test
    void divergenceLeavesTheGoodCheckpoints() throws IOException {
        String run = folder.resolve("run").toString();
        String[] good = {
            "train", "--data", data.toString(), "--batch", "2", "--epochs", "2", "--device", "cpu", "--save-dir", run
        };
        assertEquals(
                0,
                Main.commandLine().setOut(new PrintWriter(new StringWriter())).execute(good));
        String[] bad = {"--lr", "1e30", "--optimizer", "sgd", "--save-dir", run, "--save", run + "/w.safetensors"};
        train(2, "training diverged: after 2 steps the loss is no finite number; take a smaller --lr than 1.0E30", bad);
    }

    @Test
    void usageErrorsNameTheHelp() throws IOException {
        refused(2, "Unknown option: '--epoch=3'; try: clave train --help", "train", "--epoch=3");
        refused(2, "'many' is not an int; try: clave train --help", "train", "--epochs", "many");
        refused(2, "--model=<model>'; try: clave evaluate --help", "evaluate");
        refused(2, "'nosuch'; try: clave --help", "nosuch");
        refused(2, "--split", "view", "--split", "dev");
        refused(2, "name image files", "predict", "--model", model("relu").toString());
    }

    @Test
    void outputFilesThatCannotBeWritten() throws IOException {
        for (String option : new String[] {"--save", "--json"}) {
            train(2, option + ": no directory", option, folder.resolve("no/w").toString());
            train(2, "is a directory", option, data.toString());
        }
        refused(2, "--out: no directory", "view", "--data", data.toString(), "--out", folder + "/no/x.png");
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc and /dev")
    void placesWhereNothingCanBeWritten() throws IOException {
        train(2, "--save: nothing can be written in /proc", "--save", "/proc/w.safetensors");
        train(2, "--save: /dev/null is not a regular file", "--save", "/dev/null");
        assertFalse(Files.isRegularFile(Path.of("/dev/null")));
        Path link = folder.resolve("link.png");
        Path target = Files.write(folder.resolve("target.png"), new byte[1]);
        Files.createSymbolicLink(link, target);
        StringWriter out = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out));
        assertEquals(0, line.execute("view", "--data", data.toString(), "--out", link.toString()));
        assertTrue(Files.isSymbolicLink(link) && Files.size(target) > 100);
        assertEquals(0, line.execute("view", "--data", data.toString(), "--out", "/dev/null"));
        assertFalse(Files.isRegularFile(Path.of("/dev/null")));
    }

    private Path model(String network) {
        Safetensors weights = new Safetensors();
        weights.metadata().put("network", network);
        weights.put("features.0.weight", Shape.of(1, 1, 2, 2), new float[4]);
        Path file = folder.resolve(network + ".safetensors");
        weights.write(file);
        return file;
    }

    private void evaluate(String what, Path model) throws IOException {
        refused(3, what, "evaluate", "--data", data.toString(), "--device", "cpu", "--model", model.toString());
    }

    private Path raw(long length, String header, int bytes) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + text.length + bytes).order(ByteOrder.LITTLE_ENDIAN);
        return Files.write(
                folder.resolve("raw.safetensors"),
                file.putLong(length < 0 ? text.length : length).put(text).array());
    }

    @Test
    void weightsThatDoNotFit() throws IOException {
        evaluate("no such file", folder.resolve("nothing"));
        evaluate("is a directory", data);
        evaluate("relu.safetensors", model("relu"));
        evaluate("vgg", model("vgg"));
        evaluate("header of 4611686018427387904 bytes", raw(1L << 62, "{}", 8));
        evaluate("header of 99999999 bytes", raw(99_999_999, "{}", 8));
        String entry = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":";
        evaluate("overlap", raw(-1, "{\"a\":{" + entry + "[0,8]},\"b\":{" + entry + "[4,12]}}", 12));
        evaluate("raw.safetensors", raw(-1, "{\"a\":{" + entry + "[0,8]}}", 8));
        evaluate("raw.safetensors", Files.write(folder.resolve("raw.safetensors"), new byte[3]));
    }

    @Test
    void aFaultOfTheProgramSaysHowToSeeMore() {
        for (boolean debug : new boolean[] {false, true}) {
            StringWriter err = new StringWriter();
            CommandLine line = Main.commandLine();
            line.addSubcommand("fail", CommandLine.Model.CommandSpec.wrapWithoutInspection((Runnable) () -> {
                throw new IllegalStateException("first line\nsecond line");
            }));
            line.setExecutionExceptionHandler(line.getExecutionExceptionHandler());
            line.setErr(new PrintWriter(err));
            assertEquals(1, Main.run(line, debug ? new String[] {"--debug", "fail"} : new String[] {"fail"}));
            assertEquals(debug, err.toString().contains("\tat dev.clave"), err.toString());
            if (!debug) {
                assertEquals(
                        "clave: a fault of the program, IllegalStateException: first line; run again with --debug",
                        err.toString().strip());
            }
        }
    }

    private Process child(Path vendors, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-DuniqueLibraryNames=true"));
        if (Runtime.version().feature() >= 22) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.clave.cli.Main"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("OCL_ICD_VENDORS", vendors.toString());
        builder.redirectError(folder.resolve("err").toFile());
        builder.directory(folder.toFile()); // an interrupted training leaves its checkpoint where it runs
        return builder.start();
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "OCL_ICD_VENDORS is read by the Linux loaders only")
    void noOpenClAtAll() throws Exception {
        Path none = Files.createDirectory(folder.resolve("vendors"));
        Process train = child(none, "train", "--data", data.toString(), "--batch", "2", "--device", "opencl");
        train.getInputStream().readAllBytes();
        String message = Files.readString(folder.resolve("err"));
        assertEquals(4, train.waitFor(), message);
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.startsWith("clave: no OpenCL device: ") && message.contains("--device cpu"), message);
        Process auto = child(none, "train", "--data", data.toString(), "--batch", "2", "--epochs", "1");
        String out = new String(auto.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, auto.waitFor(), Files.readString(folder.resolve("err")));
        assertTrue(out.contains("on Java CPU"), out);
    }

    @Test
    void stoppingATrainingLeavesNothingHalfWritten() throws Exception {
        Path written = Files.createDirectory(folder.resolve("written"));
        String save = written.resolve("w.safetensors").toString();
        String json = written.resolve("out.json").toString();
        String[] train = {"train", "--data", data.toString(), "--batch", "1", "--device", "cpu", "--epochs", "1000000"};
        List<String> arguments = new ArrayList<>(List.of(train));
        arguments.addAll(List.of("--save", save, "--json", json));
        Process process = child(folder, arguments.toArray(String[]::new));
        try (var lines = process.inputReader()) {
            String line = lines.readLine();
            while (line != null && !line.startsWith("Epoch 2/")) {
                line = lines.readLine();
            }
            assertTrue(line != null, Files.readString(folder.resolve("err")));
            process.toHandle().destroy(); // as Ctrl-C: the virtual machine shuts down in order
            while (lines.readLine() != null) {}
        }
        assertTrue(process.waitFor() != 0);
        try (var left = Files.list(written)) {
            assertEquals(List.of(), left.toList());
        }
        assertTrue(Files.exists(folder.resolve("clave-interrupted.safetensors")));
    }
}
