package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.internal.Json;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitOptions;
import dev.clave.nn.FitResult;
import dev.clave.nn.InputSpec;
import dev.clave.nn.Layers;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Optimizer;
import dev.clave.nn.Schedule;
import dev.clave.nn.Sequential;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every callback, on a linear network of 16 pixels. */
class CallbackTest {
    private final Device device = Device.cpu();
    private final Model model =
            new Model(device, new Sequential(Layers.flatten(), Layers.linear(16, 3)), InputSpec.image(1, 4, 4));
    private final ImageDataset data = data(20);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        model.close();
        device.close();
    }

    private static ImageDataset data(int count) {
        byte[] pixels = new byte[count * 16];
        int[] labels = new int[count];
        for (int n = 0; n < count; n++) {
            labels[n] = n % 3;
            Arrays.fill(pixels, n * 16 + 4 * labels[n], n * 16 + 4 * labels[n] + 4, (byte) 200);
        }
        return new ImageDataset("stripes", 4, 4, 3, pixels, labels);
    }

    private FitResult fit(FitOptions options, double rate, Callback... callbacks) {
        model.prepare(Optimizer.of("sgd", rate), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
        return model.fit(options.batchSize(8).verbose(0).callbacks(callbacks));
    }

    private FitOptions options() {
        return FitOptions.of(data).evalData(data);
    }

    /** Gives the epochs the evaluation values a test wants, instead of the true ones. */
    private static void play(Callback callback, Script script, double... losses) {
        callback.trainBegin(script);
        for (double loss : losses) {
            if (script.stopped) {
                break;
            }
            script.logs = Map.of("evalLoss", loss, "loss", 1.0);
            callback.epochEnd(script);
            script.epoch++;
        }
    }

    private static EarlyStopping early(int patience, double minDelta) {
        return new EarlyStopping("evalLoss", Monitor.Mode.AUTO, patience, minDelta, false);
    }

    private int stoppedAfter(EarlyStopping callback, double... losses) {
        play(callback, new Script(model), losses);
        return callback.stoppedEpoch();
    }

    @Test
    void earlyStoppingWaits() {
        assertEquals(-1, stoppedAfter(early(0, 0), 5, 4, 3, 2), "patience 0 goes on while it improves");
        assertEquals(2, stoppedAfter(early(0, 0), 5, 4, 4, 2));
        assertEquals(2, stoppedAfter(early(1, 0), 5, 4, 4, 2));
        assertEquals(4, stoppedAfter(early(2, 0), 5, 6, 4, 4.5, 4.2), "waiting starts anew after an improvement");
    }

    @Test
    void earlyStoppingKnowsItsBestValue() {
        assertEquals(1, stoppedAfter(early(1, 0.5), 5, 4.6, 3));
        assertEquals(0, stoppedAfter(early(1, 0).baseline(4), 5, 3));
        assertEquals(1, stoppedAfter(early(1, 0), 5, Double.NaN, 3), "NaN is no improvement");
        Script script = new Script(model);
        EarlyStopping most = new EarlyStopping("evalLoss", Monitor.Mode.MAX, 1, 0, false);
        play(most, script, 1, 2, 1.5);
        assertEquals(2, most.stoppedEpoch());
        assertEquals(2, most.best());
        EarlyStopping accuracy = new EarlyStopping("evalAcc", Monitor.Mode.AUTO, 1, 0, false);
        script.logs = Map.of("evalLoss", 1.0, "evalAcc", 0.5);
        accuracy.epochEnd(script);
        script.logs = Map.of("evalLoss", 1.0, "evalAcc", 0.6);
        accuracy.epochEnd(script);
        assertEquals(0.6, accuracy.best(), "more accuracy is better");
        script.logs = Map.of("loss", 1.0);
        accuracy.epochEnd(script);
        assertEquals(-1, accuracy.stoppedEpoch(), "an epoch without evaluation is no look");
        script.logs = Map.of("evalLoss", 1.0);
        assertThrows(IllegalArgumentException.class, () -> accuracy.epochEnd(script));
        assertThrows(IllegalArgumentException.class, () -> early(-1, 0));
    }

    /** Makes the network worse from epoch 2 on: larger random scores have a larger loss. */
    private static final class Spoiler implements Callback {
        @Override
        public void epochBegin(Context context) {
            if (context.epoch() >= 2) {
                float[] values = context.model().values("1.weight");
                for (int i = 0; i < values.length; i++) {
                    values[i] *= 3;
                }
                context.model().values("1.weight", values);
            }
        }
    }

    @Test
    void earlyStoppingRestoresTheBestWeights() {
        List<float[]> seen = new ArrayList<>();
        Callback watch = new Callback() {
            @Override
            public void epochEnd(Context context) {
                seen.add(context.model().values("1.weight"));
            }
        };
        EarlyStopping stop = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true);
        FitResult result = fit(options().epochs(9), 1e-4, watch, new Spoiler(), stop);
        assertTrue(result.stopped());
        assertEquals(4, result.epochs().size(), result.epochs().toString());
        int best = 1;
        assertEquals(result.epochs().get(best).get("evalLoss"), stop.best());
        assertTrue(Arrays.equals(seen.get(best), model.values("1.weight")));
        assertFalse(Arrays.equals(seen.get(best + 1), model.values("1.weight")));
    }

    @Test
    void checkpointsKeepTheLastAndTheBest() throws Exception {
        ModelCheckpoint checkpoint = new ModelCheckpoint(folder).keepLast(2).best("evalLoss", Monitor.Mode.MIN);
        List<Double> losses = new ArrayList<>();
        for (Map<String, Double> epoch :
                fit(options().epochs(5), 1e-4, new Spoiler(), checkpoint).epochs()) {
            losses.add(epoch.get("evalLoss"));
        }
        try (var files = Files.list(folder)) {
            assertEquals(
                    new TreeSet<>(List.of("3.safetensors", "4.safetensors", "best.safetensors", "final.safetensors")),
                    new TreeSet<>(
                            files.map(file -> file.getFileName().toString()).toList()));
        }
        double best = losses.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        assertNotEquals(best, losses.get(4), "the last epoch must not be the best one here");
        ModelCheckpoint resumed = new ModelCheckpoint(folder).keepLast(2).best("evalLoss", Monitor.Mode.MIN);
        byte[] before = Files.readAllBytes(folder.resolve("best.safetensors"));
        fit(options().epochs(6).resume(folder.resolve("4.safetensors")), 1e-4, new Spoiler(), resumed);
        assertFalse(Files.exists(folder.resolve("3.safetensors")), "files of before the resumption count");
        assertTrue(Files.exists(folder.resolve("4.safetensors")) && Files.exists(folder.resolve("5.safetensors")));
        assertTrue(
                Arrays.equals(before, Files.readAllBytes(folder.resolve("best.safetensors"))),
                "the best value of before counts");
        model.load(folder.resolve("best.safetensors"));
        assertEquals(best, model.evaluate(data, 8).get("loss"));
    }

    @Test
    void checkpointsAreMadeWithTheStateOfAllOtherCallbacks() {
        History history = new History();
        fit(options().epochs(2), 0.1, new ModelCheckpoint(folder), history);
        History resumed = new History();
        FitResult rest = fit(options().epochs(3).resume(folder.resolve("1.safetensors")), 0.1, resumed);
        assertEquals(1, rest.epochs().size());
        assertEquals(history.rows(), resumed.rows().subList(0, 2));
        assertEquals(3, resumed.rows().size());
    }

    /** A callback that is used again forgets the files of before: they are no longer its own to remove. */
    @Test
    void aCheckpointCallbackUsedAgainKnowsTheResumedRunAlone() {
        ModelCheckpoint checkpoint = new ModelCheckpoint(folder).keepLast(2);
        fit(options().epochs(2), 0.1, checkpoint);
        fit(options().epochs(2).resume(folder.resolve("0.safetensors")), 0.1, checkpoint);
        assertTrue(Files.exists(folder.resolve("0.safetensors")), "two files may stay, 0 and 1");
        assertTrue(Files.exists(folder.resolve("1.safetensors")));
    }

    /** A run that has diverged neither replaces nor removes what was good. */
    @Test
    void checkpointsOfADivergedRunAreNotMade() throws Exception {
        Callback poison = new Callback() {
            @Override
            public void epochBegin(Context context) {
                if (context.epoch() == 1) {
                    model.values("1.bias", 0, Float.POSITIVE_INFINITY, 0);
                }
            }
        };
        fit(options().epochs(1), 0.1, new ModelCheckpoint(folder));
        byte[] before = Files.readAllBytes(folder.resolve("final.safetensors"));
        fit(
                options().epochs(3),
                0.1,
                poison,
                new ModelCheckpoint(folder).keepLast(1).best("acc", Monitor.Mode.MAX));
        try (var files = Files.list(folder)) {
            assertEquals(
                    new TreeSet<>(List.of("0.safetensors", "best.safetensors", "final.safetensors")),
                    new TreeSet<>(
                            files.map(file -> file.getFileName().toString()).toList()));
        }
        assertTrue(Arrays.equals(before, Files.readAllBytes(folder.resolve("final.safetensors"))));
        // The loss is of before the update: weights are looked at, too.
        String message = String.valueOf(
                assertThrows(FormatException.class, () -> model.save(folder.resolve("final.safetensors")))
                        .getMessage());
        assertTrue(
                message.contains(
                        "final.safetensors: not written: tensor '1.weight' holds NaN at element 0; training has"),
                message);
        assertThrows(FormatException.class, () -> model.saveCheckpoint(folder.resolve("final.safetensors")));
        assertTrue(Arrays.equals(before, Files.readAllBytes(folder.resolve("final.safetensors"))));
    }

    @Test
    void earlyStoppingUsedAgainForgetsTheWeightsOfBefore() {
        State fresh = new State();
        EarlyStopping stop = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true);
        stop.save(fresh);
        Script script = new Script(model);
        play(stop, script, 1);
        assertEquals(0, stop.bestEpoch());
        stop.restore(fresh);
        assertEquals(-1, stop.bestEpoch());
        float[] changed = new float[48];
        Arrays.fill(changed, 0.25f);
        model.values("1.weight", changed);
        stop.trainEnd(script);
        assertTrue(Arrays.equals(changed, model.values("1.weight")), "nothing was the best of this run");
        assertEquals(-1, script.putBack);
    }

    /** The epoch of the best value travels in the state, and is named when its weights are put back. */
    @Test
    void theEpochOfTheBestWeightsIsKnown() {
        Script script = new Script(model);
        EarlyStopping stop = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true);
        play(stop, script, 5, 4, 4.5);
        State state = new State();
        stop.save(state);
        EarlyStopping resumed = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true);
        assertEquals(-1, resumed.bestEpoch());
        resumed.restore(state);
        assertEquals(1, resumed.bestEpoch());
        script.interrupted = true;
        resumed.trainEnd(script);
        assertEquals(-1, script.putBack, "an interrupted run goes on with the last weights");
        script.interrupted = false;
        resumed.trainEnd(script);
        assertEquals(1, script.putBack);
        EarlyStopping keeps = new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, false);
        Script last = new Script(model);
        play(keeps, last, 5, 6);
        keeps.trainEnd(last);
        assertEquals(0, keeps.bestEpoch());
        assertEquals(-1, last.putBack, "it was not asked to put anything back");
    }

    @Test
    void theRunSaysWhoseWeightsItHas() {
        List<Integer> seen = new ArrayList<>();
        Callback watch = new Callback() {
            @Override
            public void trainEnd(Context context) {
                seen.add(context.weightsEpoch());
            }
        };
        fit(options().epochs(3), 1e-4, watch);
        fit(
                options().epochs(9),
                1e-4,
                new Spoiler(),
                new EarlyStopping("evalLoss", Monitor.Mode.MIN, 2, 0, true),
                watch);
        assertEquals(List.of(2, 1), seen);
    }

    @Test
    void plateauComposesWithASchedule() {
        Script script = new Script(model);
        play(new ReduceOnPlateau("evalLoss", Monitor.Mode.MIN, 0.1, 2, 0, 0.005), script, 5, 5, 5, 5, 4, 4, 4, 4, 4);
        // The rate is 1, then 0.1, then 0.01; a third reduction would fall below the least rate.
        assertEquals(0.01, script.rate, 1e-12);
        LearningRateLog log = new LearningRateLog();
        // Evaluation loss cannot improve by 100: reduced after every epoch but the first.
        ReduceOnPlateau plateau = new ReduceOnPlateau("evalLoss", Monitor.Mode.MIN, 0.5, 1, 100, 0);
        fit(options().epochs(4).schedule(Schedule.step(2, 0.1)), 0.8, plateau, log);
        assertEquals(12, log.rates().size());
        double[] expected = {0.8, 0.8, 0.04, 0.02};
        for (int i = 0; i < 12; i++) {
            assertEquals(expected[i / 3], log.rates().get(i), 1e-12, "batch " + i);
        }
    }

    @Test
    void stopsOnNaN() {
        StopOnNaN stop = new StopOnNaN(2);
        Callback poison = new Callback() {
            @Override
            public void epochBegin(Context context) {
                if (context.epoch() == 1) {
                    float[] values = context.model().values("1.weight");
                    values[0] = Float.NaN;
                    context.model().values("1.weight", values);
                }
            }
        };
        FitResult result = fit(options().epochs(4), 0.1, poison, stop);
        assertTrue(result.stopped());
        assertEquals(5, stop.stoppedStep());
        assertEquals(1, result.epochs().size());
        assertEquals(-1, new StopOnNaN().stoppedStep());
    }

    @Test
    void historyIsATable() throws Exception {
        Path csv = folder.resolve("h.csv");
        Path json = folder.resolve("h.json");
        History history = new History().csv(csv).json(json);
        fit(options().epochs(3).evalFreq(2), 0.1, history);
        List<String> lines = Files.readAllLines(csv);
        assertEquals(4, lines.size());
        List<String> columns = Arrays.asList(lines.get(0).split(",", -1));
        assertEquals("epoch", columns.get(0));
        assertTrue(columns.containsAll(List.of("loss", "acc", "evalLoss", "evalAcc", "learningRate")), lines.get(0));
        List<String> second = Arrays.asList(lines.get(2).split(",", -1));
        assertEquals(columns.size(), second.size());
        assertEquals("1", second.get(0));
        assertEquals("", second.get(columns.indexOf("evalLoss")), "epoch 1 is not evaluated");
        List<?> rows = (List<?>) Json.parse("json", Files.readString(json));
        assertEquals(3, rows.size());
        Map<?, ?> last = (Map<?, ?>) rows.get(2);
        assertEquals(history.rows().get(2).get("evalLoss"), last.get("evalLoss"));
        Script script = new Script(model);
        play(new History().json(json), script, Double.NaN);
        assertTrue(Files.readString(json).contains("\"evalLoss\": null"), Files.readString(json));
    }

    @Test
    void numbersGoToWhoeverKeepsThem() {
        List<String> seen = new ArrayList<>();
        // 7 batches of evaluation: its third and sixth are none of training.
        fit(
                options().epochs(2).evalBatchSize(3),
                0.5,
                new ScalarLog((tag, value, step) -> seen.add(tag + "@" + step), 3));
        List<String> expected = new ArrayList<>();
        for (int step : new int[] {3, 6}) {
            for (String tag : List.of("train/loss", "train/acc", "train/learningRate", "eval/loss", "eval/lastLoss")) {
                expected.add(tag + "@" + step);
            }
            expected.add("eval/acc@" + step);
        }
        assertEquals(expected, seen);
    }

    @Test
    void everythingHasABeginAndAnEnd() {
        StringBuilder seen = new StringBuilder();
        class Trace implements Callback {
            @Override
            public void trainBegin(Context context) {
                seen.append("T(");
            }

            @Override
            public void trainEnd(Context context) {
                seen.append(")T");
            }

            @Override
            public void epochBegin(Context context) {
                seen.append(" E").append(context.epoch()).append('(');
            }

            @Override
            public void epochEnd(Context context) {
                seen.append(")E").append(context.epoch());
            }

            @Override
            public void batchBegin(Context context) {
                seen.append(context.phase().name().charAt(0)).append(context.step());
            }

            @Override
            public void batchEnd(Context context) {
                seen.append('-').append(context.step()).append('/').append(context.steps());
            }

            @Override
            public void evaluateBegin(Context context) {
                seen.append(" V(");
            }

            @Override
            public void evaluateEnd(Context context) {
                seen.append(context.logs().containsKey("loss")).append(")V");
            }

            @Override
            public void predictBegin(Context context) {
                seen.append(" P(");
            }

            @Override
            public void predictEnd(Context context) {
                seen.append(")P").append(context.samples());
            }
        }
        fit(options().batchSize(8).evalBatchSize(20), 0.1, new Trace());
        model.predict(data, 20, new Trace());
        assertEquals("T( E0(T0-1/3T1-2/3T2-3/3 V(E0-1/1true)V)E0)T P(P0-1/1)P20", seen.toString());
    }

    @Test
    void stopEndsAfterTheBatchOrTheEpoch() {
        Callback inBatch = new Callback() {
            @Override
            public void batchEnd(Context context) {
                if (context.totalSteps() == 2 && context.phase() == Context.Phase.TRAIN) {
                    context.stop();
                }
            }
        };
        FitResult cut = fit(options().epochs(3), 0.1, inBatch);
        assertTrue(cut.stopped() && cut.epochs().isEmpty());
        Callback inEvaluation = new Callback() {
            @Override
            public void evaluateBegin(Context context) {
                context.stop();
            }
        };
        FitResult whole = fit(options().epochs(3), 0.1, inEvaluation);
        assertTrue(whole.stopped());
        assertEquals(1, whole.epochs().size());
        assertTrue(whole.epochs().get(0).containsKey("evalLoss"));
    }

    @Test
    void settingsSayWhatIsRunning() {
        List<Map<String, String>> seen = new ArrayList<>();
        fit(options(), 0.25, new Callback() {
            @Override
            public void trainBegin(Context context) {
                seen.add(context.settings());
            }
        });
        assertEquals("8", seen.get(0).get("batchSize"));
        assertEquals(device.name(), seen.get(0).get("device"));
        assertTrue(seen.get(0).get("optimizer").contains("0.25"), seen.toString());
    }
}
