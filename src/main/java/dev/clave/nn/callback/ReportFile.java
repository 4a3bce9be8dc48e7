package dev.clave.nn.callback;

import dev.clave.nn.BatchSource;
import dev.clave.nn.InputSpec;
import dev.clave.nn.Predictions;
import dev.clave.nn.Summary;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link Report} at the end of training, or of an evaluation it is given to. The confusion matrix and the mistakes
 * are those of the weights at the end, on the data that was evaluated; a callback that changes the weights at the end, such
 * as {@link EarlyStopping}, therefore goes before this. A resumed run shows the epochs before, too.
 *
 * <pre>{@code
 * model.fit(FitOptions.of(train).evalData(test).callbacks(new ReportFile(Path.of("run.html"))));
 * model.evaluate(test, 64, new ReportFile(Path.of("evaluation.html")));
 * }</pre>
 */
public final class ReportFile implements Callback {
    private static final int BATCH = 64;
    private static final String DATE = "d MMMM yyyy";
    private static final Pattern CAMEL = Pattern.compile("([a-z])([A-Z])");

    private final Path file;
    private final History history = new History();
    private final List<ReportData.Step> steps = new ArrayList<>();
    private InstantSource clock = InstantSource.system();
    private String title = "";
    private String command = "";
    private boolean training;

    /**
     * Writes to this file; its directory is there already.
     *
     * @param file where to write
     */
    public ReportFile(Path file) {
        this.file = file;
    }

    /**
     * Heading; network and data by default.
     *
     * @param heading the first line
     * @return this
     */
    public ReportFile title(String heading) {
        title = heading;
        return this;
    }

    /**
     * Command line that repeats the run; none by default.
     *
     * @param line the line that was typed
     * @return this
     */
    public ReportFile command(String line) {
        command = line;
        return this;
    }

    /**
     * Gives the date of the report; the clock of the system by default.
     *
     * @param source tells the time
     * @return this
     */
    public ReportFile clock(InstantSource source) {
        clock = source;
        return this;
    }

    @Override
    public void trainBegin(Context context) {
        training = true;
    }

    @Override
    public void epochEnd(Context context) {
        history.epochEnd(context);
        double[] losses = context.batchLosses();
        for (int i = 0; i < losses.length; i++) {
            steps.add(new ReportData.Step(context.epoch() + (i + 1.0) / losses.length, losses[i]));
        }
    }

    @Override
    public void trainEnd(Context context) {
        training = false;
        write(context, Map.of());
    }

    @Override
    public void evaluateEnd(Context context) {
        if (!training) {
            write(context, context.logs());
        }
    }

    private void write(Context context, Map<String, Double> evaluated) {
        Parts parts = Parts.of(context);
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, String> device = new LinkedHashMap<>();
        context.settings()
                .forEach((name, value) -> (List.of("device", "platform", "binding")
                                        .contains(name)
                                ? device
                                : settings)
                        .put(words(name), plain(value)));
        evaluated.forEach((name, value) -> settings.put(words(name), Report.loss(value)));
        BatchSource data = context.evalData();
        String on = data == null ? "" : " on " + data.name();
        Report.write(
                file,
                new ReportData(
                        title.isEmpty() ? context.settings().getOrDefault("network", "network") + on : title,
                        subtitle(data),
                        epochs(),
                        context.weightsEpoch() + 1,
                        steps,
                        parts.names(),
                        parts.confusion,
                        parts.mistakes,
                        layers(context),
                        totals(context),
                        device,
                        settings,
                        command));
    }

    private String subtitle(@Nullable BatchSource data) {
        List<Map<String, Double>> rows = history.rows();
        String what = rows.size() == 1 ? "1 epoch" : rows.size() + " epochs";
        if (rows.isEmpty()) {
            what = data == null ? "" : Report.number(data.size()) + " samples";
        } else {
            double seconds = rows.stream()
                    .mapToDouble(row -> row.getOrDefault("seconds", 0.0))
                    .sum();
            what += String.format(Locale.ROOT, " in %s", duration(seconds));
        }
        String date = DateTimeFormatter.ofPattern(DATE, Locale.ENGLISH)
                .format(clock.instant().atZone(ZoneId.systemDefault()));
        return what.isEmpty() ? date : what + ", " + date;
    }

    static String duration(double seconds) {
        if (seconds < 60) {
            return String.format(Locale.ROOT, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
        }
        long whole = Math.round(seconds);
        return whole < 3600
                ? whole / 60 + " min " + whole % 60 + " s"
                : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }

    private List<ReportData.Epoch> epochs() {
        List<ReportData.Epoch> epochs = new ArrayList<>();
        for (Map<String, Double> row : history.rows()) {
            epochs.add(new ReportData.Epoch(
                    (int) value(row, "epoch") + 1,
                    value(row, "loss"),
                    value(row, "acc", "acc_top1"),
                    value(row, "evalLoss"),
                    value(row, "evalAcc", "evalAcc_top1")));
        }
        return epochs;
    }

    private static double value(Map<String, Double> row, String... names) {
        double found = Double.NaN;
        for (String name : names) {
            found = Double.isNaN(found) ? row.getOrDefault(name, Double.NaN) : found;
        }
        return found;
    }

    private static @Nullable Summary summary(Context context) {
        InputSpec input = context.model().input();
        BatchSource data = context.evalData();
        if (input != null) {
            return context.model().summary();
        }
        return data == null ? null : context.model().summary(1, 1, data.height(), data.width());
    }

    private static List<ReportData.Layer> layers(Context context) {
        Summary summary = summary(context);
        if (summary == null) {
            return List.of();
        }
        return summary.rows().stream()
                .map(row -> new ReportData.Layer(
                        row.name(),
                        "[" + row.inputShape() + "]",
                        row.outputShape().toString(),
                        row.parameters()))
                .toList();
    }

    private static Map<String, String> totals(Context context) {
        Summary summary = summary(context);
        Map<String, String> totals = new LinkedHashMap<>();
        if (summary != null) {
            totals.put("Total params", Report.number(summary.totalParameters()));
            totals.put("Trainable params", Report.number(summary.trainableParameters()));
            long fixed = summary.totalParameters() - summary.trainableParameters();
            totals.put("Non-trainable params", Report.number(fixed));
        }
        return totals;
    }

    /** A name such as {@code batchSize} as people write it. */
    private static String words(String name) {
        String spaced = CAMEL.matcher(name).replaceAll("$1 $2").toLowerCase(Locale.ROOT);
        return spaced.substring(0, 1).toUpperCase(Locale.ROOT) + spaced.substring(1);
    }

    /** A record's text as people write it: {@code Sgd[learningRate=0.5]} is {@code Sgd (learning rate 0.5)}. */
    private static String plain(String value) {
        if (!value.matches("\\w+\\[.*\\]")) {
            return value;
        }
        String text =
                value.replace("[]", "").replace("[", " (").replace("]", ")").replace("=", " ");
        return CAMEL.matcher(text).replaceAll(m -> m.group(1) + " " + m.group(2).toLowerCase(Locale.ROOT));
    }

    /** What the weights make of the data. */
    private record Parts(@Nullable ConfusionMatrix confusion, List<ReportData.Mistake> mistakes) {
        private static Parts of(Context context) {
            BatchSource data = context.evalData();
            if (data == null) {
                return new Parts(null, List.of());
            }
            int size = data.height() * data.width();
            byte[] pixels = new byte[size];
            Predictions seen = new Predictions();
            int first = 0;
            int classes = data.classes();
            for (float[][] scores : context.model().predict(data, BATCH)) {
                int[] labels = new int[scores.length];
                for (int i = 0; i < labels.length; i++) {
                    labels[i] = data.sample(0, first + i, pixels, 0);
                    classes = Math.max(classes, scores[i].length);
                }
                seen.update(scores, labels);
                first += labels.length;
            }
            ConfusionMatrix confusion = new ConfusionMatrix(classes);
            List<ReportData.Mistake> mistakes = new ArrayList<>();
            List<Predictions.Sample> samples = seen.samples();
            for (int i = 0; i < first; i++) {
                Predictions.Sample sample = samples.get(i);
                confusion.add(sample.label(), sample.prediction());
                if (sample.label() != sample.prediction()) {
                    data.sample(0, i, pixels, 0);
                    mistakes.add(new ReportData.Mistake(
                            i,
                            sample.label(),
                            sample.prediction(),
                            sample.probability(),
                            data.height(),
                            data.width(),
                            pixels.clone()));
                }
            }
            mistakes.sort(
                    Comparator.comparingDouble(ReportData.Mistake::probability).reversed());
            return new Parts(confusion, mistakes);
        }

        private List<String> names() {
            return confusion == null
                    ? List.of()
                    : IntStream.range(0, confusion.classes())
                            .mapToObj(String::valueOf)
                            .toList();
        }
    }

    @Override
    public void save(State state) {
        history.save(state);
        if (steps.isEmpty()) {
            return;
        }
        float[] places = new float[steps.size()];
        float[] losses = new float[steps.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = (float) steps.get(i).epochs();
            losses[i] = (float) steps.get(i).loss();
        }
        state.put("stepEpochs", places);
        state.put("stepLosses", losses);
    }

    @Override
    public void restore(State state) {
        history.restore(state);
        steps.clear();
        float[] places = state.floats("stepEpochs");
        float[] losses = state.floats("stepLosses");
        for (int i = 0; places != null && losses != null && i < places.length; i++) {
            steps.add(new ReportData.Step(places[i], losses[i]));
        }
    }
}
