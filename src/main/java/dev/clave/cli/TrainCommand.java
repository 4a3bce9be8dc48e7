package dev.clave.cli;

import dev.clave.Device;
import dev.clave.data.DataSource;
import dev.clave.data.Mnist;
import dev.clave.io.Json;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import dev.clave.nn.Trainer;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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

    @Option(names = "--device", defaultValue = "auto", description = "auto, cpu, opencl, an index or a part of a name")
    private String device;

    @Option(names = "--network", defaultValue = "relu", description = "relu or tanh")
    private String network;

    @Option(names = "--epochs", defaultValue = "5")
    private int epochs;

    @Option(names = "--batch", defaultValue = "64")
    private int batch;

    @Option(names = "--lr", defaultValue = "0.001", description = "learning rate")
    private double learningRate;

    @Option(names = "--optimizer", defaultValue = "adam", description = "sgd, momentum, nesterov, adam or adamw")
    private String optimizerName;

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
        if (batch < 1) {
            throw new IllegalArgumentException("--batch is at least 1, got " + batch);
        }
        if (!(learningRate > 0 && learningRate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("--lr is a finite number above 0, got " + learningRate);
        }
        OutputFile.check("--json", json);
        OutputFile.checkRegular("--save", save);
        Network chosen = Network.of(network);
        Optimizer optimizer = Optimizer.of(optimizerName, learningRate);
        PrintWriter out = spec.commandLine().getOut();
        Terminal terminal = Terminal.detect();
        DataSource source =
                DataSource.resolve(data, new DownloadProgress(spec.commandLine().getErr(), terminal));
        Mnist.Split split = source.split();
        out.println("Data: " + source.sentence());
        out.flush();
        if (batch > split.train().size()) {
            throw new IllegalArgumentException(
                    "--batch " + batch + " is more than the " + split.train().size() + " training images");
        }
        long begin = System.nanoTime();
        try (Device opened = Device.open(device);
                Trainer trainer = new Trainer(opened, chosen, split.train(), split.test(), batch, optimizer, seed)) {
            Device.Info info = opened.info();
            out.printf(
                    Locale.ROOT,
                    "%s: %d parameters, %d training and %d test images, on %s (%s, binding %s)%n",
                    chosen.name(),
                    trainer.parameters(),
                    split.train().size(),
                    split.test().size(),
                    info.name(),
                    info.platform(),
                    info.binding());
            out.flush();
            List<String> rows = new ArrayList<>();
            double[] stepMillis = new double[epochs];
            for (int epoch = 1; epoch <= epochs; epoch++) {
                out.println("Epoch " + epoch + "/" + epochs);
                ProgressLine line = new ProgressLine(out, terminal, System::nanoTime, trainer.steps());
                Trainer.Epoch trained =
                        trainer.train(step -> line.step(step, OptionalDouble.empty(), OptionalDouble.empty()));
                line.finish(trained.loss(), trained.accuracy(), trained.stepMillis() / 1e3);
                out.println("Eval begin...");
                Trainer.Epoch tested = trainer.evaluate();
                new ProgressLine(out, terminal, System::nanoTime, tested.steps())
                        .finish(tested.loss(), tested.accuracy(), tested.stepMillis() / 1e3);
                out.println("Eval samples: " + split.test().size());
                out.flush();
                stepMillis[epoch - 1] = trained.stepMillis();
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
                trainer.save(OutputFile.real(save));
                out.println("weights saved to " + save);
            }
            if (json != null) {
                write(json, info, trainer.parameters(), rows, stepMillis, (System.nanoTime() - begin) / 1e9);
            }
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
                + ",\n  \"optimizer\": "
                + Json.quoted(Optimizer.of(optimizerName, learningRate).name())
                + ",\n  \"epochs\": [\n    " + String.join(",\n    ", rows)
                + "\n  ],\n  \"stepMillisMedian\": " + number(median) + ",\n  \"totalSeconds\": " + number(seconds)
                + "\n}\n";
        OutputFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.valueOf(value) : "null";
    }
}
