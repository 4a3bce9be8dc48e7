package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.op.Problem;
import dev.clave.op.Tuned;
import dev.clave.op.Window;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database changes which kernels a plan runs, not what it computes beyond rounding; a resumed run says so. */
class TunedTrainingTest {
    private final ImageDataset train = TestData.rows(64, 1);

    @TempDir
    private Path folder;

    /** Channels enough for tiles. */
    private static Model model(Device device) {
        Layer layer = new Sequential(
                Layers.conv2d(1, 6, Window.of(3, 3)),
                Layers.relu(),
                Layers.conv2d(6, 8, Window.of(3, 3).stride(2, 2)),
                Layers.relu(),
                Layers.flatten(),
                Layers.linear(8 * 4 * 4, 10));
        return new Model(device, layer, InputSpec.image(1, TestData.SIDE, TestData.SIDE))
                .seed(7)
                .prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
    }

    /** Losses of three epochs, what was launched, and what was said. */
    private record Run(List<Double> losses, String explained, List<String> said) {}

    private Run run(Device device, FitOptions options) {
        List<String> said = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                said.add(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(FitLoop.class.getName());
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try (Model model = model(device)) {
            FitResult result = model.fit(options.batchSize(16).verbose(0));
            List<Double> losses =
                    result.epochs().stream().map(logs -> logs.get("loss")).toList();
            model.saveCheckpoint(folder.resolve("last.safetensors"));
            return new Run(losses, model.explain(train, 16, false), said);
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
    }

    private static List<String> quick() {
        List<String> selectors = new ArrayList<>();
        List<Device.Info> all = Device.list();
        for (int i = 0; i < all.size(); i++) {
            // Minutes for one tile there; the operators' own tests have small ones for it.
            if (!all.get(i).platform().equals("rusticl")) {
                selectors.add(String.valueOf(i));
            }
        }
        return selectors;
    }

    @Test
    void theSameLossesAndAResumeThatSaysWhatDiffers() {
        for (String selector : quick()) {
            Path database = folder.resolve("tuning.jsonl");
            Path checkpoint = folder.resolve("usual.safetensors");
            Run[] runs = new Run[2];
            Tuned.with(selector, "off", device -> {
                try (Model model = model(device)) {
                    Tuned.plant(database, device, model.problems(16, true));
                    assertTrue(Files.readAllLines(database).size() >= 3, Files.readString(database));
                    runs[0] = run(device, FitOptions.of(train).epochs(3));
                    Files.copy(folder.resolve("last.safetensors"), checkpoint);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            Tuned.with(selector, database.toString(), device -> {
                runs[1] = run(device, FitOptions.of(train).epochs(3));
                assertTrue(runs[1].explained().contains("  tuned, "), runs[1].explained());
                assertFalse(runs[0].explained().contains("tuned"), runs[0].explained());
                for (int i = 0; i < 3; i++) {
                    double usual = runs[0].losses().get(i);
                    assertEquals(usual, runs[1].losses().get(i), 1e-4 * usual, "epoch " + i);
                }
                // Its own checkpoint goes on without a word, that of other candidates with one.
                assertEquals(
                        List.of(),
                        run(device, FitOptions.of(train).epochs(4).resume(folder.resolve("last.safetensors")))
                                .said());
                List<String> said = run(device, FitOptions.of(train).epochs(4).resume(checkpoint))
                        .said();
                assertEquals(1, said.size(), said.toString());
                assertTrue(said.get(0).matches(".*where '.*' is '.*tuned, .*not bit for bit.*"), said.get(0));
            });
            try {
                Files.delete(checkpoint);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The problems are those of the plans. */
    @Test
    void problemsAreThoseThatAreLaunched() {
        for (String selector : quick()) {
            Tuned.with(selector, "off", device -> {
                try (Model model = model(device)) {
                    String text = model.explain(train, 16, false);
                    assertTrue(
                            text.contains("\n" + model.problems(16, true).size() + " launches, "),
                            model.problems(16, true) + "\n" + text);
                    assertTrue(model.problems(16, false).size()
                            < model.problems(16, true).size());
                }
            });
        }
    }

    /** An entry of the jar whose kernels have changed, or whose shape nobody runs, would never be taken. */
    @Test
    void entriesOfTheJarAreTaken() {
        List<String> lines = TuningDatabase.bundledLines();
        boolean[] seen = {lines.isEmpty()};
        for (String selector : quick()) {
            Tuned.with(selector, "default", device -> {
                String deviceClass = Tuned.deviceClass(device);
                long expected = lines.stream()
                        .filter(line -> line.contains('"' + deviceClass + '"'))
                        .count();
                seen[0] |= expected > 0;
                Set<Problem> taken = new HashSet<>();
                for (String name : Network.names()) {
                    try (Model model = new Model(device, Network.of(name))) {
                        List<Problem> problems = new ArrayList<>(model.problems(64, true));
                        problems.addAll(model.problems(64, false));
                        problems.stream()
                                .filter(problem -> Tuned.isTuned(device, problem))
                                .forEach(taken::add);
                    }
                }
                assertEquals(
                        expected,
                        taken.size(),
                        "src/main/resources/dev/clave/tuning.jsonl has lines that no longer apply; delete them, or tune"
                                + " again and put what wins in their place. Taken: " + taken);
            });
        }
        if (!seen[0]) {
            System.out.println("skipped: no device here is of a class that the jar has tuning for");
        }
    }
}
