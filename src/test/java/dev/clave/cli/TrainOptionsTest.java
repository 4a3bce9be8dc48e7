package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.internal.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The options of train that say how, on 160 drawn digits. */
class TrainOptionsTest {
    @TempDir
    private Path folder;

    private record Result(int code, String out, String err) {}

    @BeforeEach
    void writeData() throws IOException {
        write("train", BuiltInDigits.generate(160, 1));
        write("t10k", BuiltInDigits.generate(40, 2));
    }

    private void write(String part, ImageDataset data) throws IOException {
        ByteBuffer images = ByteBuffer.allocate(16 + data.pixels().length);
        images.putInt(0x803).putInt(data.size()).putInt(28).putInt(28).put(data.pixels());
        ByteBuffer labels = ByteBuffer.allocate(8 + data.size()).putInt(0x801).putInt(data.size());
        Arrays.stream(data.labels()).forEach(label -> labels.put((byte) label));
        Files.write(folder.resolve(part + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(part + "-labels-idx1-ubyte"), labels.array());
    }

    private Result train(String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("train", "--data", folder.toString(), "--batch", "16", "--epochs", "2", "--device", "cpu"));
        for (int i = 0; i < more.length; i++) {
            if (more[i].equals("--epochs")) {
                arguments.set(6, more[++i]);
            } else {
                arguments.add(more[i]);
            }
        }
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(
                Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)),
                arguments.toArray(String[]::new));
        return new Result(code, out.toString(), err.toString());
    }

    /** The lines that do not depend on time. */
    private List<String> epochs(String... more) throws IOException {
        Path json = folder.resolve("out.json");
        List<String> arguments = new ArrayList<>(List.of(more));
        arguments.addAll(List.of("--json", json.toString()));
        Result result = train(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        List<String> rows = new ArrayList<>();
        for (Object row : (List<?>) ((Map<?, ?>) Json.parse("json", Files.readString(json))).get("epochs")) {
            Map<?, ?> fields = (Map<?, ?>) row;
            rows.add(fields.get("epoch") + " " + fields.get("loss") + " " + fields.get("evalLoss") + " "
                    + fields.get("evalAccuracy"));
        }
        return rows;
    }

    @Test
    void everyOptionChangesTraining() throws IOException {
        List<String> plain = epochs();
        assertEquals(2, plain.size());
        assertEquals(plain, epochs("--schedule", "constant"));
        for (String[] option : new String[][] {
            {"--dropout", "0.4"},
            {"--augment"},
            {"--schedule", "cosine"},
            {"--schedule", "cosine:0.5"},
            {"--schedule", "step:1:0.1"},
            {"--schedule", "warmup:5"},
            {"--schedule", "warmup:5,cosine"}
        }) {
            assertNotEquals(plain, epochs(option), Arrays.toString(option));
        }
        assertEquals(epochs("--augment"), epochs("--augment", "--workers", "2"));
        List<String> reduced = epochs("--epochs", "6", "--lr", "0.2", "--schedule", "plateau:0.1:1");
        assertNotEquals(epochs("--epochs", "6", "--lr", "0.2"), reduced);
    }

    /** Held-out images take the place of the test images, which are looked at once, at the end. */
    @Test
    void validationHoldsImagesOut() throws IOException {
        Path json = folder.resolve("out.json");
        Result result = train("--validate", "60", "--json", json.toString());
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("100 training and 60 held-out images"), result.out());
        assertTrue(result.out().contains("step 7/7 [") && result.out().contains("Eval samples: 60"), result.out());
        assertTrue(result.out().contains("Test samples: 40 - loss: "), result.out());
        Map<?, ?> report = (Map<?, ?>) Json.parse("json", Files.readString(json));
        Map<?, ?> last = (Map<?, ?>) ((List<?>) report.get("epochs")).get(1);
        double held = (Double) last.get("valAccuracy");
        assertEquals(held * 60, Math.round(held * 60), 1e-9);
        double test = (Double) report.get("testAccuracy");
        assertEquals(test * 40, Math.round(test * 40), 1e-9);
        assertFalse(last.containsKey("evalAccuracy"));
        refused(2, "--validate is at least 1, got 0", "--validate", "0");
        refused(2, "--validate 160 leaves nothing of the 160 training images", "--validate", "160", "--verbose", "0");
    }

    @Test
    void evaluationHasItsOwnBatch() {
        Result result = train("--eval-batch", "10");
        assertTrue(result.out().contains("step 4/4 ["), result.out());
        assertTrue(train().out().contains("step 3/3 ["));
    }

    @Test
    void verboseDecidesWhatIsShown() {
        assertEquals("", train("--verbose", "0").out());
        assertTrue(train("--verbose", "1").out().contains("[====="));
        String lines = train("--verbose", "2").out();
        assertTrue(lines.contains("step 10/10 - loss: ") && !lines.contains("[==="), lines);
    }

    @Test
    void earlyStopEnds() throws IOException {
        String[] options = {"--epochs", "30", "--lr", "0.5", "--early-stop", "1"};
        List<String> rows = epochs(options);
        assertTrue(rows.size() < 30, rows.toString());
        String[] best = rows.get(rows.size() - 2).split(" ", -1);
        String out = train(options).out();
        String said = String.format(
                Locale.ROOT,
                "stopped after epoch %d, the weights are those of epoch %d, the best - acc: %.4f",
                rows.size(),
                rows.size() - 1,
                Double.parseDouble(best[3]));
        assertTrue(out.lines().toList().contains(said), said + " is not in " + out);
    }

    /** Options that change what comes after are compared with those of the checkpoint; one that is over says so. */
    @Test
    void resumingNeedsTheSameOptions() {
        String directory = folder.resolve("run").toString();
        assertEquals(0, train("--save-dir", directory).code());
        String file = directory + "/0.safetensors";
        refused(2, "was made with dropout [], this run has [0.25, 0.25]", "--resume", file, "--dropout", "0.25");
        refused(2, "made with trainData MNIST train, this run has MNIST train, ", "--resume", file, "--augment");
        refused(2, "was made with seed 1, this run has 2", "--resume", file, "--seed", "2");
        Result over = train("--resume", directory + "/1.safetensors");
        assertEquals(0, over.code());
        assertTrue(over.out().contains("nothing is left to train"), over.out());
    }

    @Test
    void resumesAndBeginsFromFiles() throws IOException {
        Path directory = folder.resolve("run");
        List<String> whole = epochs("--epochs", "3", "--save-dir", directory.toString());
        assertTrue(Files.exists(directory.resolve("0.safetensors")));
        String file = directory.resolve("0.safetensors").toString();
        assertEquals(whole.subList(1, 3), epochs("--epochs", "3", "--resume", file));
        List<String> begun = epochs(
                "--epochs",
                "1",
                "--init",
                directory.resolve("final.safetensors").toString());
        assertNotEquals(whole.get(0), begun.get(0));
        double before = Double.parseDouble(whole.get(0).split(" ", -1)[1]);
        assertTrue(Double.parseDouble(begun.get(0).split(" ", -1)[1]) < before, "begins with what was learned");
        refused(2, "--init and --resume", "--init", file, "--resume", file);
        refused(2, "was made with batchSize 16, this run has 8", "--resume", file, "--batch=8");
        refused(2, "was made with optimizer Adam", "--resume", file, "--optimizer", "sgd");
        refused(3, "features.0.weight", "--resume", file, "--network", "tanh");
        refused(
                3,
                "cannot be read",
                "--resume",
                directory.resolve("7.safetensors").toString());
        Path bad = directory.resolve("bad.safetensors");
        byte[] bytes = Files.readAllBytes(Path.of(file));
        bytes[bytes.length - 100] ^= 1;
        Files.write(bad, bytes);
        refused(3, "the checksum differs", "--resume", bad.toString());
        refused(3, "the checksum differs", "--init", bad.toString());
    }

    private void refused(int code, String what, String... more) {
        List<String> arguments = new ArrayList<>(List.of(more));
        if (arguments.remove("--batch=8")) {
            // Given last, over the one of train().
            Result result = batchOf8(arguments);
            assertEquals(code, result.code(), result.err());
            assertTrue(result.err().contains(what), result.err());
            return;
        }
        Result result = train(arguments.toArray(String[]::new));
        assertEquals(code, result.code(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().startsWith("clave: ") && result.err().contains(what), result.err());
        assertFalse(result.err().contains("Exception"), result.err());
    }

    private Result batchOf8(List<String> more) {
        List<String> arguments =
                new ArrayList<>(List.of("train", "--data", folder.toString(), "--batch", "8", "--device", "cpu"));
        arguments.addAll(more);
        StringWriter err = new StringWriter();
        int code = Main.run(
                Main.commandLine().setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err)),
                arguments.toArray(String[]::new));
        return new Result(code, "", err.toString());
    }

    @Test
    void valuesOutOfRangeAreNamed() throws IOException {
        refused(2, "--dropout lies in [0, 1), got 1.0", "--dropout", "1");
        refused(2, "--dropout lies in [0, 1), got -0.1", "--dropout", "-0.1");
        refused(2, "--dropout lies in [0, 1), got NaN", "--dropout", "NaN");
        refused(2, "--eval-batch is at least 1", "--eval-batch", "0");
        refused(2, "--early-stop is at least 0", "--early-stop", "-1");
        refused(2, "--workers is at least 0", "--workers", "-1");
        refused(2, "--verbose is 0, 1 or 2", "--verbose", "3");
        refused(2, "--schedule: constant", "--schedule", "linear");
        refused(2, "--schedule: constant", "--schedule", "step:1");
        refused(2, "--schedule: constant", "--schedule", "step:x:0.1");
        refused(2, "step schedule", "--schedule", "step:0:0.1");
        refused(
                2,
                "--report: no directory",
                "--report",
                folder.resolve("no/run.html").toString());
        Path file = Files.writeString(folder.resolve("file"), "x");
        refused(
                2,
                "--tensorboard: nothing can be written in " + file,
                "--tensorboard",
                file.resolve("run").toString());
        refused(
                2,
                "--save-dir: nothing can be written in " + file,
                "--save-dir",
                file.resolve("run").toString());
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /proc, where nobody can make a directory")
    void aDirectoryThatCannotBeMadeIsNamed() {
        refused(2, "the directory /proc/run cannot be made", "--verbose", "0", "--save-dir", "/proc/run");
    }

    @Test
    void summaryPrintsTheTable() {
        StringWriter out = new StringWriter();
        assertEquals(
                0,
                Main.run(Main.commandLine().setOut(new PrintWriter(out)), "summary", "--network", "tanh", "--flops"));
        assertTrue(out.toString().contains("Total params: 61,706")
                && out.toString().contains("MFLOPs"));
        assertEquals(2, Main.run(Main.commandLine().setErr(new PrintWriter(out)), "summary", "--network", "vgg"));
    }

    @Test
    void explainAndProfileShowEveryLaunch() {
        Result explained = train("--epochs", "1", "--explain");
        assertEquals(0, explained.code(), explained.err());
        assertTrue(explained.out().contains("conv2d backwardWeight"), explained.out());
        assertTrue(explained.out().contains("samples side by side"), explained.out());
        assertFalse(explained.out().contains("GFLOP/s"), explained.out());
        Result profiled = train("--epochs", "1", "--profile");
        assertTrue(profiled.out().contains("GFLOP/s"), profiled.out());
        assertTrue(
                Pattern.compile("one by one: [0-9.]+ % of the FMA peak of [1-9]")
                        .matcher(profiled.out())
                        .find(),
                profiled.out());
    }

    @Test
    void traceHoldsEveryLaunchOfAStepInOrder() throws IOException {
        Path file = folder.resolve("trace.json");
        Result result = train("--epochs", "1", "--explain", "--trace", file.toString());
        assertEquals(0, result.code(), result.err());
        List<?> events = (List<?>) Json.parse("trace", Files.readString(file));
        double end = 0;
        int launches = 0;
        for (Object each : events) {
            Map<?, ?> event = (Map<?, ?>) each;
            if (event.get("ph").equals("X")) {
                assertTrue((double) event.get("ts") >= end, event.toString());
                end = (double) event.get("ts") + (double) event.get("dur");
                launches++;
            }
        }
        assertTrue(result.out().contains(launches + " launches, "), launches + " of\n" + result.out());
        assertTrue(launches > 20, launches + " launches");
        assertEquals(2, train("--trace", folder.toString()).code());
    }
}
