package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.io.EventFile;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitOptions;
import dev.clave.nn.FitResult;
import dev.clave.nn.InputSpec;
import dev.clave.nn.Layers;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Optimizer;
import dev.clave.nn.Sequential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Pages and event files of true runs, on a linear network of 16 pixels. */
class ReportFileTest {
    private static final InstantSource NOON = InstantSource.fixed(Instant.parse("2026-03-05T12:00:00Z"));

    @TempDir
    private Path folder;

    /** Stripes, a third of which is labelled wrongly, so that there are mistakes. */
    private static ImageDataset data(int count) {
        byte[] pixels = new byte[count * 16];
        int[] labels = new int[count];
        for (int n = 0; n < count; n++) {
            int stripe = n % 3;
            labels[n] = n % 9 < 3 ? (stripe + 1) % 3 : stripe;
            Arrays.fill(pixels, n * 16 + 4 * stripe, n * 16 + 4 * stripe + 4, (byte) 200);
        }
        return new ImageDataset("stripes", 4, 4, 3, pixels, labels);
    }

    private static Model model(Device device, InputSpec... input) {
        return new Model(device, new Sequential(Layers.flatten(), Layers.linear(16, 3)), input)
                .prepare(Optimizer.adam(0.05), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
    }

    private static FitOptions options() {
        return FitOptions.of(data(45)).evalData(data(18)).batchSize(8).verbose(0);
    }

    /** The part that says what was learned, without times and settings. */
    private static String learned(Path page) throws IOException {
        String html = Files.readString(page);
        return html.substring(html.indexOf("<section id=\"curves\">"), html.indexOf("<section id=\"run\""));
    }

    @Test
    void aResumedRunShowsTheWholeRun() throws IOException {
        Path whole = folder.resolve("whole.html");
        Path resumed = folder.resolve("resumed.html");
        Path saved = folder.resolve("checkpoints");
        InputSpec input = InputSpec.image(1, 4, 4);
        try (Device device = Device.cpu();
                Model first = model(device, input);
                Model second = model(device, input)) {
            first.fit(options()
                    .epochs(3)
                    .saveDir(saved)
                    .callbacks(new ReportFile(whole)
                            .title("A <title>")
                            .command("go")
                            .clock(NOON)));
            second.fit(
                    options().epochs(3).resume(saved.resolve("0.safetensors")).callbacks(new ReportFile(resumed)));
        }
        assertEquals(learned(whole), learned(resumed));
        String html = Files.readString(whole);
        assertTrue(html.contains("<h1>A &lt;title&gt;</h1>") && html.contains("5 March 2026"), html);
        assertTrue(html.contains("<code>go</code>"), html);
        assertTrue(html.contains("<dd>3<small>18 steps</small>"), "6 steps in each of 3 epochs");
        assertTrue(html.contains("<small>of 18</small>"), html);
        assertTrue(html.contains("<th scope=\"row\">Linear-1</th><td>[[1, 16]]</td>"), html);
        assertTrue(html.contains("<dt>Batch size</dt><dd>8</dd>"), html);
        assertTrue(html.contains("<dt>Optimizer</dt><dd>Adam (learning rate 0.05"), html);
        assertTrue(html.contains("<dt>Schedule</dt><dd>Constant</dd>"), html);
        String again = Files.readString(resumed);
        assertTrue(again.contains("<h1>custom on stripes</h1>") && !again.contains("<code>"), again);
    }

    @Test
    void anEvaluationHasAPage() throws IOException {
        Path page = folder.resolve("evaluation.html");
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.evaluate(data(18), 5, new ReportFile(page));
            String html = Files.readString(page);
            assertTrue(html.contains("id=\"classes\"") && html.contains("id=\"network\""), html);
            assertTrue(html.contains("<dt>Accuracy</dt>") && html.contains("18 samples, "), html);
            assertFalse(html.contains("id=\"curves\""), html);
            model.fit(FitOptions.of(data(9)).verbose(0).callbacks(new ReportFile(page)));
            html = Files.readString(page);
            assertTrue(html.contains("id=\"curves\"") && html.contains("<h1>custom</h1>"), html);
            assertFalse(html.contains("id=\"classes\""), "nothing was evaluated");
        }
    }

    private static int best(float[] scores) {
        int best = 0;
        for (int c = 1; c < scores.length; c++) {
            best = scores[c] > scores[best] ? c : best;
        }
        return best;
    }

    /** Mistakes come with the pixels of their sample, the surest first. */
    @Test
    void mistakesAreInOrder() throws IOException {
        Path page = folder.resolve("page.html");
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options().epochs(3).callbacks(new ReportFile(page)));
            double before = 2;
            float[][] scores = model.predictStacked(data(18), 18);
            String[] items = Files.readString(page).split("<li>", -1);
            long wrong = IntStream.range(0, 18)
                    .filter(i -> best(scores[i]) != data(18).labels()[i])
                    .count();
            assertTrue(wrong >= 6, "a third is labelled wrongly");
            assertEquals(1 + wrong, items.length);
            for (String item : List.of(items).subList(1, items.length)) {
                int index = Integer.parseInt(item.replaceAll("(?s).*alt=\"sample ([0-9]+),.*", "$1"));
                int label = data(18).labels()[index];
                assertTrue(item.contains("label " + label + ", predicted " + best(scores[index])), item);
                double sum = 0;
                for (float score : scores[index]) {
                    sum += Math.exp(score - (double) scores[index][best(scores[index])]);
                }
                assertTrue(item.contains(Report.percent(1 / sum)), item);
                assertTrue(1 / sum <= before, "the surest first");
                before = 1 / sum;
                String png = java.util.Base64.getEncoder()
                        .encodeToString(dev.clave.io.Png.grey(4, 4, data(18).pixels(), index * 16));
                assertTrue(item.contains(png), item);
            }
        }
    }

    @Test
    void batchLossesAreThoseOfTheBatches() {
        double[] seen = new double[6];
        int[] looks = {0};
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options().callbacks(new Callback() {
                @Override
                public void batchEnd(Context context) {
                    double[] losses = context.batchLosses();
                    assertEquals(context.step(), losses.length);
                    double last = context.logs().getOrDefault("lastLoss", Double.NaN);
                    assertEquals(last, losses[losses.length - 1], 1e-6);
                    assertEquals(18, context.evalData().size());
                    if (context.phase() == Context.Phase.TRAIN) {
                        seen[context.step() - 1] = last;
                    }
                    looks[0]++;
                }

                @Override
                public void epochEnd(Context context) {
                    assertArrayEquals(seen, context.batchLosses(), 1e-6);
                    looks[0] += 100;
                }
            }));
        }
        assertEquals(109, looks[0], "6 batches of training, 3 of evaluation, one end");
    }

    @Test
    void eventFilesHoldWhatTheLogSays() throws IOException {
        Path log = folder.resolve("log");
        Path own = folder.resolve("own");
        try (Device device = Device.cpu();
                Model model = model(device);
                EventFile events = EventFile.create(own, NOON)) {
            model.fit(options()
                    .epochs(2)
                    .callbacks(
                            new TensorBoard(log, 2, NOON),
                            new ScalarLog((tag, value, step) -> events.scalar(tag, step, value), 2)));
            assertArrayEquals(Files.readAllBytes(events.file()), Files.readAllBytes(only(log)));
            assertTrue(Files.size(events.file()) > 500);
        }
    }

    @Test
    void durationsChooseTheirUnit() {
        double[] seconds = {0.04, 9.94, 10, 59.4, 60, 75.2, 3599, 3600, 7384, 90000};
        String[] texts = {
            "0.0 s",
            "9.9 s",
            "10 s",
            "59 s",
            "1 min 0 s",
            "1 min 15 s",
            "59 min 59 s",
            "1 h 0 min",
            "2 h 3 min",
            "25 h 0 min"
        };
        for (int i = 0; i < seconds.length; i++) {
            assertEquals(texts[i], ReportFile.duration(seconds[i]));
        }
    }

    /** Time is summed over the epochs, and the steps have their places on the axis of epochs. */
    @Test
    void epochsAndStepsAreCollected() throws IOException {
        Path page = folder.resolve("page.html");
        try (Device device = Device.cpu();
                Model model = model(device, InputSpec.image(1, 4, 4))) {
            Script script = new Script(model);
            ReportFile report = new ReportFile(page).clock(NOON);
            report.trainBegin(script);
            for (String expected :
                    List.of("1 epoch in 1 min 15 s, 5 March 2026", "2 epochs in 2 min 30 s, 5 March 2026")) {
                script.logs = java.util.Map.of("loss", 1.0, "seconds", 75.0);
                report.epochEnd(script);
                script.epoch++;
                report.trainEnd(script);
                assertTrue(Files.readString(page).contains("<p class=\"subtitle\">" + expected + "</p>"), expected);
            }
            ReportFile other = new ReportFile(page);
            model.fit(options().epochs(2).callbacks(other));
            State state = new State();
            other.save(state);
            float[] places = new float[12];
            for (int i = 0; i < 12; i++) {
                places[i] = (float) (i / 6 + (i % 6 + 1.0) / 6);
            }
            assertArrayEquals(places, state.floats("stepEpochs"), 1e-6f);
            other.restore(state);
            other.restore(state);
            State again = new State();
            other.save(again);
            assertArrayEquals(state.floats("stepEpochs"), again.floats("stepEpochs"));
            assertArrayEquals(state.floats("stepLosses"), again.floats("stepLosses"));
        }
    }

    /** What belongs to the device stands there, everything else among the settings. */
    @Test
    void factsStandInTheirPlaces() throws IOException {
        Path page = folder.resolve("page.html");
        try (Device device = Device.cpu();
                Model model = model(device, InputSpec.image(1, 4, 4))) {
            model.fit(options().callbacks(new ReportFile(page)));
            String html = Files.readString(page);
            String machine = html.substring(html.indexOf("<h2>Device"), html.indexOf("<h2>Settings"));
            for (String name : List.of("Device", "Platform", "Binding")) {
                assertTrue(machine.contains("<dt>" + name + "</dt>"), machine);
            }
            assertEquals(3, machine.split("<dt>", -1).length - 1, machine);
            assertTrue(html.contains("<dt>Total params</dt><dd>51</dd>"), html);
            assertTrue(html.contains("<dt>Trainable params</dt><dd>51</dd>"), html);
            assertTrue(html.contains("<dt>Non-trainable params</dt><dd>0</dd>"), html);
            model.evaluate(data(18), 5, new ReportFile(page));
            html = Files.readString(page);
            assertTrue(html.contains("<dt>Loss</dt><dd>") && html.contains("<dt>Acc</dt><dd>"), html);
        }
    }

    /** Event files of a directory that this process has open; needs the list of open files that Linux keeps. */
    private static long open(Path directory) throws IOException {
        long count = 0;
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                count += Files.isSymbolicLink(file) && target(file).startsWith(directory.toRealPath() + "/") ? 1 : 0;
            }
        }
        return count;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // closed since
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs the list of open files in /proc")
    void noEventFileStaysOpen() throws IOException {
        Path log = folder.resolve("log");
        TensorBoard board = new TensorBoard(log, 1, NOON);
        try (Device device = Device.cpu();
                Model model = model(device)) {
            Script script = new Script(model);
            board.trainBegin(script);
            assertEquals(1, open(log));
            board.trainBegin(script);
            assertEquals(1, open(log), "a new run closes the file of one that failed");
            board.trainEnd(script);
            assertEquals(0, open(log));
            board.trainBegin(script);
            board.close();
            assertEquals(0, open(log));
        }
    }

    /** After an early stop the page says whose weights its mistakes are, and both accuracies. */
    @Test
    void weightsThatWerePutBackAreNamed() throws IOException {
        Path page = folder.resolve("page.html");
        try (Device device = Device.cpu();
                Model model = model(device)) {
            Callback spoiler = new Callback() {
                @Override
                public void evaluateBegin(Context context) {
                    if (context.epoch() >= 4) {
                        context.model().values("1.bias", -50, 0, 50);
                    }
                }
            };
            EarlyStopping stop = new EarlyStopping("evalAcc", Monitor.Mode.MAX, 5, 0, true);
            FitResult result = model.fit(options().epochs(12).callbacks(spoiler, stop, new ReportFile(page)));
            int last = result.epochs().size();
            assertTrue(
                    result.stopped() && stop.bestEpoch() < last - 1,
                    result.epochs().toString());
            double kept = result.epochs().get(stop.bestEpoch()).getOrDefault("evalAcc", -1.0);
            double ended = result.epochs().get(last - 1).getOrDefault("evalAcc", -1.0);
            assertTrue(ended < kept, "the last epoch is worse");
            String html = Files.readString(page);
            String number = String.valueOf(stop.bestEpoch() + 1);
            assertTrue(
                    html.contains("<dt>Accuracy kept</dt><dd>" + Report.percent(kept) + "<small>weights of epoch "
                            + number + "</small>"),
                    html);
            assertTrue(
                    html.contains("<dt>Last accuracy</dt><dd>" + Report.percent(ended) + "<small>epoch " + last
                            + ", evaluation</small>"),
                    html);
            assertFalse(html.contains("Best accuracy"), "it is the one kept");
            assertTrue(html.contains("of the weights that were kept, of epoch " + number + "."), html);
            assertEquals(
                    1 + Math.round(18 * (1 - kept)), html.split("<li>", -1).length, "mistakes of the kept weights");
        }
    }

    private static Path only(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all.toString());
            return all.get(0);
        }
    }

    /** A fit that fails leaves the file open for its owner to close. */
    @Test
    void closingEndsAnEventFile() throws IOException {
        TensorBoard board = new TensorBoard(folder.resolve("log"), 1, NOON);
        board.close();
        try (Device device = Device.cpu();
                Model model = model(device)) {
            Callback failing = new Callback() {
                @Override
                public void batchEnd(Context context) {
                    throw new IllegalStateException("planned");
                }
            };
            assertThrows(IllegalStateException.class, () -> model.fit(options().callbacks(board, failing)));
            long size = Files.size(only(folder.resolve("log")));
            board.close();
            board.close();
            Script late = new Script(model);
            late.logs = java.util.Map.of("evalLoss", 1.0);
            board.epochEnd(late);
            assertEquals(size, Files.size(only(folder.resolve("log"))), "closed: nothing more is written");
        }
    }
}
