package dev.clave.cli;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.DataSource;
import dev.clave.data.Mnist;
import dev.clave.io.Json;
import dev.clave.nn.LeNet;
import dev.clave.nn.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a LeNet. */
@Command(
        name = "train",
        description = "Train LeNet on MNIST.",
        showDefaultValues = true,
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class TrainCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--data",
            description = "directory with the four MNIST IDX files, mnist (per-user cache) or digits (built in)")
    private @Nullable String data;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--network", defaultValue = "relu", description = "relu or tanh")
    private String network;

    @Option(names = "--epochs", defaultValue = "5")
    private int epochs;

    @Option(names = "--batch", defaultValue = "64")
    private int batch;

    @Option(names = "--lr", defaultValue = "0.001", description = "learning rate of Adam")
    private double learningRate;

    @Option(names = "--seed", defaultValue = "1")
    private long seed;

    @Option(names = "--save", description = "write the weights to this safetensors file")
    private @Nullable Path save;

    @Option(names = "--json", description = "write the results to this file")
    private @Nullable Path json;

    @Override
    public void run() {
        if (epochs < 1) {
            throw new IllegalArgumentException("--epochs is at least 1, got " + epochs);
        }
        checkDirectory("--json", json);
        checkDirectory("--save", save);
        LeNet lenet = LeNet.of(network);
        PrintWriter out = spec.commandLine().getOut();
        DataSource source = DataSource.resolve(data);
        Mnist.Split split = source.split();
        out.println("Data: " + source.sentence());
        long begin = System.nanoTime();
        try (Device opened = device.open();
                Trainer trainer = new Trainer(opened, lenet, split.train(), split.test(), batch, learningRate, seed)) {
            Device.Info info = opened.info();
            out.printf(
                    Locale.ROOT,
                    "%s: %d parameters, %d training and %d test images, on %s (%s, binding %s)%n",
                    lenet.name(),
                    trainer.parameters(),
                    split.train().size(),
                    split.test().size(),
                    info.name(),
                    info.platform(),
                    info.binding());
            out.flush();
            boolean terminal = Boolean.getBoolean("clave.terminal");
            List<String> rows = new ArrayList<>();
            double[] stepMillis = new double[epochs];
            for (int epoch = 1; epoch <= epochs; epoch++) {
                String head = "Epoch " + epoch + "/" + epochs;
                Trainer.Epoch trained = trainer.train(step -> {
                    if (terminal) {
                        out.print("\r" + head + " step " + step + "/" + trainer.steps());
                        out.flush();
                    }
                });
                Trainer.Epoch tested = trainer.evaluate();
                stepMillis[epoch - 1] = trained.stepMillis();
                out.printf(
                        Locale.ROOT,
                        "%s%s - loss: %.4f - acc: %.4f - eval loss: %.4f - eval acc: %.4f - %.1fs - %.2fms/step%n",
                        terminal ? "\r" : "",
                        head,
                        trained.loss(),
                        trained.accuracy(),
                        tested.loss(),
                        tested.accuracy(),
                        trained.seconds(),
                        trained.stepMillis());
                out.flush();
                rows.add(String.format(
                        Locale.ROOT,
                        "{\"epoch\": %d, \"loss\": %s, \"accuracy\": %s, \"evalLoss\": %s, \"evalAccuracy\": %s, "
                                + "\"seconds\": %s, \"stepMillis\": %s}",
                        epoch,
                        number(trained.loss()),
                        number(trained.accuracy()),
                        number(tested.loss()),
                        number(tested.accuracy()),
                        number(trained.seconds()),
                        number(trained.stepMillis())));
            }
            if (save != null) {
                trainer.save(save);
                out.println("weights saved to " + save);
            }
            if (json != null) {
                write(json, info, trainer.parameters(), rows, stepMillis, (System.nanoTime() - begin) / 1e9);
            }
        }
    }

    private static void checkDirectory(String option, @Nullable Path file) {
        Path parent = file == null ? null : file.toAbsolutePath().getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            throw new IllegalArgumentException(option + ": no directory " + parent + "; make it first");
        }
    }

    private void write(
            Path file, Device.Info info, int parameters, List<String> rows, double[] stepMillis, double seconds) {
        double[] sorted = stepMillis.clone();
        Arrays.sort(sorted);
        double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        String text = "{\n  \"network\": " + Json.quoted(network) + ",\n  \"parameters\": " + parameters
                + ",\n  \"device\": {\"kind\": " + Json.quoted(info.kind()) + ", \"platform\": "
                + Json.quoted(info.platform())
                + ", \"name\": " + Json.quoted(info.name()) + ", \"driver\": " + Json.quoted(info.driver())
                + ", \"binding\": "
                + Json.quoted(info.binding()) + "},\n  \"batch\": " + batch + ",\n  \"seed\": " + seed
                + ",\n  \"optimizer\": \"adam\",\n  \"epochs\": [\n    " + String.join(",\n    ", rows)
                + "\n  ],\n  \"stepMillisMedian\": " + number(median) + ",\n  \"totalSeconds\": " + number(seconds)
                + "\n}\n";
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be written: " + e.getMessage());
        }
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.valueOf(value) : "null";
    }
}
