package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.data.ImageDataset;
import dev.clave.data.Transforms;
import dev.clave.io.Safetensors;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.nn.callback.EarlyStopping;
import dev.clave.nn.callback.Monitor;
import dev.clave.nn.callback.ReduceOnPlateau;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint goes on elsewhere, and a damaged or foreign file is refused; {@link ResumeTest} has the bits. */
class CheckpointTest {
    private final ImageDataset train = TestData.rows(100, 1);
    private final ImageDataset test = TestData.rows(50, 2);

    @TempDir
    private Path folder;

    /** Everything that has state: dropout, Adam, accumulated gradients, transforms, schedule, plateau, metrics. */
    private FitOptions options() {
        return FitOptions.of(BatchSource.augmented(train, Transforms.shift(1), 3))
                .evalData(test)
                .batchSize(8)
                .epochs(3)
                .accumulateGradBatches(3)
                .schedule(Schedule.warmUp(5, 0.1, Schedule.cosine(3, 0.1)))
                .callbacks(
                        new ReduceOnPlateau("evalLoss", Monitor.Mode.MIN, 0.5, 1, 0.5, 0),
                        new EarlyStopping("evalAcc", Monitor.Mode.MAX, 9, 0, true))
                .verbose(0);
    }

    private static Model model(Device device) {
        return TestData.model(device, 0.3)
                .prepare(Optimizer.of("adamw", 0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy(), new Accuracy(1, 3));
    }

    /** Interrupts after a number of batches, training only, and saves. */
    private record Cut(int after, Path file) implements Callback {
        @Override
        public void batchEnd(Context context) {
            if (context.phase() == Context.Phase.TRAIN && context.totalSteps() == after) {
                context.model().interrupt();
            }
        }

        @Override
        public void trainEnd(Context context) {
            if (context.interrupted()) {
                context.model().saveCheckpoint(file);
            }
        }
    }

    /** Values that do not depend on time. */
    private static List<String> stable(FitResult result) {
        List<String> lines = new ArrayList<>();
        for (Map<String, Double> logs : result.epochs()) {
            Map<String, Double> kept = new java.util.TreeMap<>(logs);
            kept.keySet().removeAll(List.of("seconds", "stepMillis"));
            lines.add(kept.toString());
        }
        return lines;
    }

    /** A file made on one device goes on on another: not with the same bits, but from the same place. */
    @Test
    void goesOnOnAnotherDevice() {
        Path file = folder.resolve("cpu.safetensors");
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options().callbacks(new Cut(17, file)));
        }
        List<List<Float>> ends = new ArrayList<>();
        TestData.everyDevice(device -> {
            List<String> warnings = new ArrayList<>();
            Handler handler = collector(warnings);
            Logger logger = Logger.getLogger(FitLoop.class.getName());
            logger.addHandler(handler);
            logger.setUseParentHandlers(false);
            try (Model model = model(device)) {
                assertEquals(2, model.fit(options().resume(file)).epochs().size());
                ends.add(TestData.weights(model));
            } finally {
                logger.removeHandler(handler);
                logger.setUseParentHandlers(true);
            }
            assertEquals(device.isOpenCl() ? 1 : 0, warnings.size(), warnings.toString());
        });
        for (List<Float> end : ends) {
            for (int i = 0; i < end.size(); i++) {
                assertEquals(ends.get(0).get(i), end.get(i), 1e-3f);
            }
        }
    }

    /** Who goes on with other kernels is told that the bits differ; who begins anew, or goes on with the same, is not. */
    @Test
    void otherKernelsAreReported() {
        Path file = checkpoint();
        Safetensors read = Safetensors.read(file);
        read.metadata().put("kernels", "a machine of before, kernels 12");
        Path other = folder.resolve("other.safetensors");
        WeightsFile.write(read, other);
        List<String> warnings = new ArrayList<>();
        Handler handler = collector(warnings);
        Logger logger = Logger.getLogger(FitLoop.class.getName());
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options());
            model.fit(options().resume(file));
            assertEquals(List.of(), warnings);
            model.fit(options().resume(other));
            model.fit(options());
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
        assertEquals(1, warnings.size());
        assertTrue(
                warnings.get(0)
                        .startsWith("the checkpoint was made on a machine of before, kernels 12, this is Java CPU"),
                warnings.toString());
    }

    private static Handler collector(List<String> messages) {
        return new Handler() {
            @Override
            public void publish(LogRecord record) {
                messages.add(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    @Test
    void anInterruptionDuringEvaluationEvaluatesAnew() {
        Path file = folder.resolve("eval.safetensors");
        List<Float> expected;
        List<String> logs;
        try (Device device = Device.cpu();
                Model model = model(device)) {
            logs = stable(model.fit(options()));
            expected = TestData.weights(model);
        }
        try (Device device = Device.cpu();
                Model model = model(device);
                Model again = model(device)) {
            FitResult cut = model.fit(options().callbacks(new Callback() {
                @Override
                public void evaluateBegin(Context context) {
                    if (context.epoch() == 1) {
                        context.model().interrupt();
                    }
                }
            }));
            assertEquals(1, cut.epochs().size());
            model.saveCheckpoint(file);
            FitResult rest = again.fit(options().resume(file));
            assertEquals(logs.subList(1, 3), stable(rest));
            assertEquals(expected, TestData.weights(again));
        }
    }

    @Test
    void weightsOfACheckpointLoadAsTheyAre() {
        Path file = folder.resolve("c.safetensors");
        try (Device device = Device.cpu();
                Model model = model(device);
                Model other = TestData.model(device, 0)) {
            model.fit(options());
            model.saveCheckpoint(file);
            other.load(file);
            assertEquals(TestData.weights(model), TestData.weights(other));
            Safetensors read = Safetensors.read(file);
            assertEquals(Shape.of(10, 50), read.shape("4.weight"));
            assertTrue(
                    read.names().contains("@optimizer.first.4.weight"),
                    read.names().toString());
        }
    }

    private Path checkpoint() {
        Path file = folder.resolve("good.safetensors");
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options().callbacks(new Cut(17, file)));
        }
        return file;
    }

    private String refused(Path file) {
        return refused(file, "adamw", options(), FormatException.class);
    }

    private String refused(Path file, String optimizer, FitOptions options, Class<? extends RuntimeException> kind) {
        try (Device device = Device.cpu();
                Model model = TestData.model(device, 0.3)) {
            model.prepare(Optimizer.of(optimizer, 0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
            List<Float> before = TestData.weights(model);
            String message = String.valueOf(
                    assertThrows(kind, () -> model.fit(options.resume(file))).getMessage());
            assertTrue(message.startsWith(file.toString()), message);
            assertEquals(before, TestData.weights(model), "refused and changed: " + message);
            return message;
        }
    }

    @Test
    void damagedFilesAreRefused() throws IOException {
        Path good = checkpoint();
        byte[] bytes = Files.readAllBytes(good);
        Path bad = folder.resolve("bad.safetensors");
        Random random = new Random(9);
        for (int i = 0; i < 120; i++) {
            byte[] flipped = bytes.clone();
            // Half of the flips hit the header.
            int at = random.nextInt(i % 2 == 0 ? bytes.length : 3000);
            flipped[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(bad, flipped);
            assertThrows(FormatException.class, () -> read(bad), "bit flipped in byte " + at);
        }
        for (int length : new int[] {0, 7, 8, 100, bytes.length / 2, bytes.length - 1}) {
            Files.write(bad, Arrays.copyOf(bytes, length));
            refused(bad);
        }
        assertTrue(refused(folder.resolve("nowhere")).contains("cannot be read"));
    }

    private void read(Path file) {
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options().resume(file));
        }
    }

    @Test
    void foreignFilesAreRefused() {
        Path good = checkpoint();
        String other = refused(good, "sgd", options(), IllegalArgumentException.class);
        assertTrue(other.contains("was made with optimizer Adam[") && other.contains("this run has Sgd["), other);
        assertTrue(refused(good, "adamw", options().batchSize(4), IllegalArgumentException.class)
                .contains("batchSize 8, this run has 4"));
        try (Device device = Device.cpu();
                Model plain = TestData.model(device, 0.5)) {
            plain.prepare(Optimizer.of("adamw", 0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
            String rates = assertThrows(
                            IllegalArgumentException.class,
                            () -> plain.fit(options().resume(good)))
                    .getMessage();
            assertTrue(rates.contains("was made with dropout [0.3], this run has [0.5]"), rates);
        }
        try (Device device = Device.cpu();
                Model wide = new Model(
                        device,
                        new Sequential(Layers.flatten(), Layers.linear(144, 10)),
                        InputSpec.image(1, TestData.SIDE, TestData.SIDE))) {
            wide.seed(7).prepare(Optimizer.of("adamw", 0.01), Loss.SOFTMAX_CROSS_ENTROPY);
            String message = assertThrows(
                            FormatException.class, () -> wide.fit(options().resume(good)))
                    .getMessage();
            assertTrue(message.contains("1.weight' is missing"), message);
            Path weights = folder.resolve("weights.safetensors");
            wide.save(weights);
            assertTrue(refused(weights).contains("holds no training state"));
        }
    }

    /** The same file with one tensor left out, added or replaced, and the right checksum. */
    private Path changed(Path good, String name, float... values) {
        Safetensors from = Safetensors.read(good);
        Safetensors to = new Safetensors();
        to.metadata().putAll(from.metadata());
        for (String each : from.names()) {
            if (!each.equals(name)) {
                to.put(each, from.shape(each), from.floats(each));
            } else if (values.length == from.shape(each).elements()) {
                to.put(each, from.shape(each), values);
            }
        }
        if (!from.names().contains(name)) {
            to.put(name, Shape.of(values.length), values);
        }
        Path file = folder.resolve("changed.safetensors");
        WeightsFile.write(to, file);
        return file;
    }

    @Test
    void missingExtraAndUselessTensorsAreNamed() {
        Path good = checkpoint();
        assertTrue(refused(changed(good, "4.bias")).contains("tensor '4.bias' is missing"));
        assertTrue(refused(changed(good, "5.bias", 1, 2)).contains("tensor '5.bias' is not part of the network"));
        assertTrue(refused(changed(good, "@optimizer.second.0.weight"))
                .contains("tensor '@optimizer.second.0.weight' is missing"));
        float[] values = new float[10];
        values[3] = Float.NaN;
        String message = refused(changed(good, "4.bias", values));
        assertTrue(message.contains("tensor '4.bias' holds NaN at element 3"), message);
        assertTrue(refused(changed(good, "@accumulated.4.bias")).contains("@accumulated.4.bias' is missing"));
        assertTrue(refused(changed(good, "@epoch.losses")).contains("@epoch.losses' is missing"));
        assertTrue(refused(changed(good, "@epoch.hits")).contains("@epoch.hits' is missing"));
    }

    /** The sum of the gradients of a group that is not whole yet goes on. */
    @Test
    void aGroupOfBatchesGoesOn() {
        Path whole = folder.resolve("whole.safetensors");
        Path cut = folder.resolve("cut.safetensors");
        Path end = folder.resolve("end.safetensors");
        try (Device device = Device.cpu()) {
            Resumption.PLAIN.whole(device, whole);
            Resumption.PLAIN.until(device, 3, cut);
            Resumption.PLAIN.from(device, cut, end);
        }
        assertEquals("1", Safetensors.read(cut).metadata().get("gathered"));
        assertEquals(Safetensors.read(whole).metadata(), Safetensors.read(end).metadata());
    }

    /** Between epochs there are no sums of gradients and no losses of a running epoch to keep. */
    @Test
    void anEndedEpochKeepsNothingOfItself() {
        Path file = folder.resolve("ended.safetensors");
        Path begun = folder.resolve("begun.safetensors");
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options().callbacks(new Callback() {
                @Override
                public void epochBegin(Context context) {
                    model.saveCheckpoint(begun);
                }
            }));
            model.saveCheckpoint(file);
        }
        List<String> names = new ArrayList<>(Safetensors.read(file).names());
        names.addAll(Safetensors.read(begun).names());
        assertTrue(
                names.stream().noneMatch(name -> name.startsWith("@accumulated") || name.startsWith("@epoch")),
                names.toString());
        names = new ArrayList<>(Safetensors.read(checkpoint()).names());
        assertTrue(names.contains("@accumulated.4.bias") && names.contains("@epoch.hits"), names.toString());
    }

    private record Kept(String word, List<String> restored) implements Callback {
        @Override
        public void save(dev.clave.nn.callback.State state) {
            state.put("word", word);
        }

        @Override
        public void restore(dev.clave.nn.callback.State state) {
            restored.add(word + " gets " + state.text("word"));
        }
    }

    /** Callbacks of one name are told apart by a number, in their order. */
    @Test
    void callbacksOfOneNameKeepTheirStates() {
        Path file = folder.resolve("kept.safetensors");
        List<String> restored = new ArrayList<>();
        Callback[] three = {new Kept("a", restored), new Kept("b", restored), new Kept("c", restored)};
        try (Device device = Device.cpu();
                Model model = TestData.prepared(device)) {
            model.fit(FitOptions.of(train).batchSize(20).verbose(0).callbacks(three));
            model.saveCheckpoint(file);
            assertEquals("c", Safetensors.read(file).metadata().get("callback.Kept-3.word"));
            model.fit(FitOptions.of(train)
                    .batchSize(20)
                    .verbose(0)
                    .callbacks(three)
                    .resume(file));
        }
        assertEquals(List.of("a gets a", "b gets b", "c gets c"), restored);
    }

    @Test
    void savingToNowhereLeavesTheGoodFile() throws IOException {
        Path good = checkpoint();
        byte[] before = Files.readAllBytes(good);
        try (Device device = Device.cpu();
                Model model = model(device)) {
            assertThrows(
                    IllegalArgumentException.class, () -> model.saveCheckpoint(folder.resolve("no/c.safetensors")));
            // A directory in the place of the file: the rename fails, and nothing is left behind.
            Path taken = Files.createDirectories(folder.resolve("taken/inner")).getParent();
            String message = assertThrows(FormatException.class, () -> model.saveCheckpoint(taken))
                    .getMessage();
            assertTrue(message.contains("cannot be written"), message);
            try (var files = Files.list(folder)) {
                assertFalse(files.anyMatch(file -> file.toString().endsWith(".part")));
            }
            assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(good)));
            model.saveCheckpoint(good);
            assertNotEquals(-1, Arrays.mismatch(before, Files.readAllBytes(good)));
        }
    }

    @Test
    void leftOversOfKilledProcessesGo() throws IOException {
        Path file = folder.resolve("c.safetensors");
        Path dead = Files.write(folder.resolve(".c.safetensors.999999999.part"), new byte[3]);
        Path other = Files.write(folder.resolve(".d.safetensors.999999999.part"), new byte[3]);
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.save(file);
        }
        assertFalse(Files.exists(dead));
        assertTrue(Files.exists(other));
    }
}
