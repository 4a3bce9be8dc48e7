package dev.clave.cli;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.DataSource;
import dev.clave.data.ImageDataset;
import dev.clave.data.Pictures;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Commands that use a trained network. */
final class ModelCommands {
    private static final int BATCH = 64;

    private ModelCommands() {}

    /** Loss and accuracy on the test images. */
    @Command(name = "evaluate", description = "Evaluate saved weights.", mixinStandardHelpOptions = true)
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    static final class Evaluate implements Runnable {
        @Spec
        private CommandSpec spec;

        @Option(names = "--model", required = true, description = "weights saved by train --save")
        private Path model;

        @Option(names = "--data", description = "directory, mnist or digits")
        private @Nullable String data;

        @Mixin
        private DeviceOptions device;

        @Override
        public void run() {
            weights(model);
            DataSource source = DataOption.forNetwork(spec, data);
            try (Device opened = device.open();
                    Model loaded = load(opened, model)) {
                Map<String, Double> result = loaded.evaluate(source.split().test(), BATCH);
                spec.commandLine()
                        .getOut()
                        .printf(
                                Locale.ROOT,
                                "Data: %s%nEval samples: %d%n%s - loss: %.4f - acc: %.4f%n",
                                source.sentence(),
                                source.split().test().size(),
                                loaded.name(),
                                result.get("loss"),
                                result.get("acc"));
            }
        }
    }

    /** Class and probabilities of pictures. */
    @Command(name = "predict", description = "Predict image files or test images.", mixinStandardHelpOptions = true)
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    static final class Predict implements Runnable {
        @Spec
        private CommandSpec spec;

        @Option(names = "--model", required = true, description = "weights saved by train --save")
        private Path model;

        @Option(names = "--index", split = ",", description = "indices of test images, for example 5,20,48,210")
        private int @Nullable [] indices;

        @Option(names = "--data", description = "directory, mnist or digits")
        private @Nullable String data;

        @Mixin
        private DeviceOptions device;

        @Parameters(paramLabel = "FILE", arity = "0..*", description = "PNG or JPEG files")
        private @Nullable List<Path> files;

        @Override
        public void run() {
            weights(model);
            List<String> names = new ArrayList<>();
            ImageDataset images = images(names);
            PrintWriter out = spec.commandLine().getOut();
            try (Device opened = device.open();
                    Model loaded = load(opened, model)) {
                double[][] all = probabilities(loaded.predictStacked(images, BATCH));
                for (int i = 0; i < all.length; i++) {
                    Pictures.lines(images, i).forEach(out::println);
                    int best = 0;
                    StringBuilder text = new StringBuilder();
                    for (int c = 0; c < all[i].length; c++) {
                        best = all[i][c] > all[i][best] ? c : best;
                        text.append(String.format(Locale.ROOT, " %d: %.4f", c, all[i][c]));
                    }
                    out.println(names.get(i) + ": class " + best + " -" + text);
                }
            }
        }

        private ImageDataset images(List<String> names) {
            if (indices != null) {
                ImageDataset test = DataOption.forNetwork(spec, data).split().test();
                for (int index : indices) {
                    names.add(test.name() + " #" + index);
                }
                return pick(test, indices);
            }
            if (files == null || files.isEmpty()) {
                throw new IllegalArgumentException("predict: name image files, or indices with --index 5,20");
            }
            byte[] pixels = new byte[files.size() * 28 * 28];
            for (int i = 0; i < files.size(); i++) {
                names.add(files.get(i).toString());
                System.arraycopy(Pictures.read(files.get(i)), 0, pixels, i * 28 * 28, 28 * 28);
            }
            return new ImageDataset("files", 28, 28, 10, pixels, new int[files.size()]);
        }
    }

    private static void weights(Path model) {
        if (!Files.isRegularFile(model)) {
            String what = Files.isDirectory(model) ? "is a directory" : "no such file";
            throw new FormatException(model.toString(), -1, what + "; --model names weights saved by train --save");
        }
    }

    /** The network a file's metadata names, with the file's weights. */
    private static Model load(Device device, Path file) {
        Model model = new Model(device, Network.of(file));
        try {
            model.load(file);
        } catch (FormatException e) {
            model.close();
            throw e;
        }
        return model;
    }

    /** Softmax of every row. */
    private static double[][] probabilities(float[][] scores) {
        double[][] all = new double[scores.length][];
        for (int n = 0; n < scores.length; n++) {
            double most = Double.NEGATIVE_INFINITY;
            for (float score : scores[n]) {
                most = Math.max(most, score);
            }
            double sum = 0;
            all[n] = new double[scores[n].length];
            for (int c = 0; c < all[n].length; c++) {
                all[n][c] = Math.exp(scores[n][c] - most);
                sum += all[n][c];
            }
            for (int c = 0; c < all[n].length; c++) {
                all[n][c] /= sum;
            }
        }
        return all;
    }

    private static ImageDataset pick(ImageDataset data, int[] indices) {
        int size = data.height() * data.width();
        ViewCommand.check("--index", data, indices);
        byte[] pixels = new byte[indices.length * size];
        int[] labels = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(data.pixels(), indices[i] * size, pixels, i * size, size);
            labels[i] = data.labels()[indices[i]];
        }
        return new ImageDataset(data.name(), data.height(), data.width(), data.classes(), pixels, labels);
    }
}
