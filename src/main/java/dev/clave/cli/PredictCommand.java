package dev.clave.cli;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.data.Pictures;
import dev.clave.internal.Json;
import dev.clave.nn.Model;
import dev.clave.nn.callback.Terminal;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Class and probabilities of pictures. */
@Command(
        name = "predict",
        description = "Predict image files or test images.",
        showDefaultValues = true,
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class PredictCommand implements Runnable {
    /** Pictures are drawn in the terminal up to so many. */
    private static final int DRAWN = 20;

    /** A sheet has so many pictures at most, so that it can still be opened. */
    private static final int SHEET = 2000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, description = "weights saved by train --save")
    private Path model;

    @Option(names = "--index", split = ",", description = "indices of test images, for example 5,20,48,210")
    private int @Nullable [] indices;

    @Option(names = "--data", description = "directory, mnist or digits, with --index")
    private @Nullable String data;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--top", defaultValue = "3", description = "how many of the likeliest classes are named")
    private int top;

    @Option(names = "--json", description = "print JSON, with scores before the softmax, and nothing else")
    private boolean json;

    @Option(names = "--sheet", description = "write the pictures with what they were taken for to this PNG")
    private @Nullable Path sheet;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..*",
            description = "PNG, JPEG or IDX files, plain or .gz, or directories of them")
    private @Nullable List<Path> files;

    /** What the network says of one picture: classes from the likeliest on. */
    @SuppressWarnings("ArrayRecordComponent") // not compared
    private record Answer(List<Integer> classes, double[] probabilities, float[] scores) {
        private static Answer of(float[] scores) {
            double[] probabilities = softmax(scores);
            List<Integer> classes = IntStream.range(0, scores.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(c -> -probabilities[c]))
                    .toList();
            return new Answer(classes, probabilities, scores);
        }

        private int best() {
            return classes.get(0);
        }
    }

    @Override
    public void run() {
        SavedModel.check(model);
        OutputFile.check("--sheet", sheet);
        if (top < 1) {
            throw new IllegalArgumentException("--top is at least 1, got " + top);
        }
        PictureFiles pictures = pictures();
        ImageDataset images = pictures.images();
        if (sheet != null && images.size() > SHEET) {
            throw new IllegalArgumentException(
                    "--sheet holds at most " + SHEET + " pictures, there are " + images.size() + "; name fewer");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (Device opened = device.open();
                Model loaded = SavedModel.load(opened, model)) {
            List<Answer> answers = new ArrayList<>();
            for (float[] scores : loaded.predictStacked(images, SavedModel.BATCH)) {
                answers.add(Answer.of(scores));
            }
            if (json) {
                out.print(json(pictures, answers));
            } else {
                show(out, pictures, answers);
            }
            if (sheet != null) {
                int[] all = IntStream.range(0, images.size()).toArray();
                OutputFile.write(sheet, Pictures.contactSheet(images, all, captions(pictures, answers)));
                if (!json) {
                    out.println("sheet written to " + sheet);
                }
            }
            out.flush();
        }
    }

    private PictureFiles pictures() {
        boolean named = files != null && !files.isEmpty();
        if (indices != null) {
            if (named) {
                throw new IllegalArgumentException(
                        "predict: image files and --index exclude each other, got both; run it twice");
            }
            return PictureFiles.of(DataOption.forNetwork(spec, data).split().test(), indices);
        }
        if (files == null || !named) {
            throw new IllegalArgumentException("predict: name image files, or indices with --index 5,20");
        }
        return PictureFiles.read(files);
    }

    private void show(PrintWriter out, PictureFiles pictures, List<Answer> answers) {
        boolean drawn = answers.size() <= DRAWN;
        int right = 0;
        for (int i = 0; i < answers.size(); i++) {
            Answer answer = answers.get(i);
            if (drawn) {
                Pictures.lines(pictures.images(), i, Terminal.detect().columns())
                        .forEach(out::println);
            }
            StringBuilder text = new StringBuilder();
            for (int c :
                    answer.classes().subList(0, Math.min(top, answer.classes().size()))) {
                text.append(String.format(Locale.ROOT, " %d: %.4f", c, answer.probabilities()[c]));
            }
            int label = pictures.label(i);
            right += label == answer.best() ? 1 : 0;
            out.println(pictures.names().get(i) + ": class " + answer.best() + " -" + text
                    + (label < 0 || label == answer.best() ? "" : "  WRONG, the label is " + label));
        }
        if (pictures.labelled()) {
            out.println(right + " of " + answers.size() + " right");
        }
    }

    private List<Pictures.Caption> captions(PictureFiles pictures, List<Answer> answers) {
        List<Pictures.Caption> captions = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            Answer answer = answers.get(i);
            int label = pictures.label(i);
            boolean wrong = label >= 0 && label != answer.best();
            String name = pictures.names().get(i);
            String shown = name.substring(Math.max(name.lastIndexOf(' '), name.lastIndexOf('/')) + 1);
            String percent = String.format(
                    Locale.ROOT, "%d  %.1f %%", answer.best(), 100 * answer.probabilities()[answer.best()]);
            captions.add(new Pictures.Caption(shown + (wrong ? " is " + label : ""), percent, wrong));
        }
        return captions;
    }

    private String json(PictureFiles pictures, List<Answer> answers) {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            Answer answer = answers.get(i);
            List<String> classes = new ArrayList<>();
            for (int c :
                    answer.classes().subList(0, Math.min(top, answer.classes().size()))) {
                classes.add("{\"class\": " + c + ", \"probability\": " + answer.probabilities()[c] + "}");
            }
            List<String> scores = new ArrayList<>();
            for (float score : answer.scores()) {
                scores.add(Float.isFinite(score) ? Float.toString(score) : "null");
            }
            rows.add("  {\"name\": " + Json.quoted(pictures.names().get(i)) + ", \"class\": " + answer.best()
                    + (pictures.labelled() ? ", \"label\": " + pictures.label(i) : "") + ", \"top\": ["
                    + String.join(", ", classes) + "], \"scores\": [" + String.join(", ", scores) + "]}");
        }
        return "[\n" + String.join(",\n", rows) + "\n]\n";
    }

    private static double[] softmax(float[] scores) {
        double most = Double.NEGATIVE_INFINITY;
        for (float score : scores) {
            most = Math.max(most, score);
        }
        double sum = 0;
        double[] probabilities = new double[scores.length];
        for (int c = 0; c < scores.length; c++) {
            probabilities[c] = Math.exp(scores[c] - most);
            sum += probabilities[c];
        }
        for (int c = 0; c < scores.length; c++) {
            probabilities[c] /= sum;
        }
        return probabilities;
    }
}
