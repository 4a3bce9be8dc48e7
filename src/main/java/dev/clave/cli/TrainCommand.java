package dev.clave.cli;

import dev.clave.Device;
import dev.clave.data.DataSource;
import dev.clave.data.Mnist;
import dev.clave.internal.Json;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitResult;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import dev.clave.nn.callback.ProgressBar;
import dev.clave.nn.callback.Terminal;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    @Option(names = "--no-fusion", description = "run every operator alone: slower, the oracle of the fused form")
    private boolean noFusion;

    @Option(names = "--explain", description = "print what a step launches, with which kernels and why, first")
    private boolean explain;

    @Option(
            names = "--profile",
            description = "as --explain, with the time of each launch and its percent of the FMA peak")
    private boolean profile;

    @Option(names = "--trace", description = "write a step's launches in Chrome's trace format first: FILE.json")
    private @Nullable Path trace;

    @Mixin
    private TrainingOptions training;

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
        training.check(epochs);
        OutputFile.check("--json", json);
        OutputFile.check("--trace", trace);
        OutputFile.checkRegular("--save", save);
        Network chosen = Network.of(network, training.dropout());
        Optimizer optimizer = Optimizer.of(optimizerName, learningRate);
        PrintWriter out = spec.commandLine().getOut();
        Terminal terminal = Terminal.detect();
        DataSource source = DataOption.forNetwork(spec, data);
        Mnist.Split split = training.split(source.split(), seed);
        say(out, "Data: " + source.sentence());
        if (batch > split.train().size()) {
            throw new IllegalArgumentException(
                    "--batch " + batch + " is more than the " + split.train().size() + " training images");
        }
        long begin = System.nanoTime();
        try (Device opened = device.open();
                Model model = new Model(opened, chosen).seed(seed).fusion(!noFusion);
                Interruption interruption = new Interruption(model)) {
            interruption.arm();
            Device.Info info = opened.info();
            say(
                    out,
                    String.format(
                            Locale.ROOT,
                            "%s: %d parameters, %d training and %d %s images, on %s (%s, binding %s)",
                            chosen.name(),
                            model.parameterCount(),
                            split.train().size(),
                            split.test().size(),
                            training.validates() ? "held-out" : "test",
                            info.name(),
                            info.platform(),
                            info.binding()));
            if (explain || profile) {
                out.print(model.explain(split.train(), batch, profile));
                out.flush();
            }
            if (trace != null) {
                OutputFile.write(trace, model.trace(split.train(), batch).getBytes(StandardCharsets.UTF_8));
                say(out, "Trace of a step: " + trace + ", for chrome://tracing or ui.perfetto.dev");
            }
            training.begin(model);
            model.prepare(optimizer, Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
            FitResult result = model.fit(training.fit(split, batch, epochs, seed)
                    .callbacks(new ProgressBar(out, terminal, System::nanoTime, training.verbose(), 10))
                    .callbacks(training.records(
                            Typed.title(chosen.name(), source.split().test()), Typed.line(spec))));
            if (result.interrupted()) {
                interrupted(out, model);
                return;
            }
            training.checkLoss(learningRate);
            if (result.epochs().isEmpty()) {
                say(out, "nothing is left to train: the checkpoint has these epochs already, raise --epochs");
            }
            Map<String, Double> test = Map.of();
            if (training.validates()) {
                test = model.evaluate(source.split().test(), training.evalBatch(batch));
                say(
                        out,
                        String.format(
                                Locale.ROOT,
                                "Test samples: %d - loss: %.4f - acc: %.4f",
                                source.split().test().size(),
                                value(test, "loss"),
                                value(test, "acc")));
            }
            training.recorded().forEach(line -> say(out, line));
            if (save != null) {
                model.save(OutputFile.real(save));
                say(out, "weights saved to " + save);
            }
            if (json != null) {
                write(json, info, model.parameterCount(), result.epochs(), test, (System.nanoTime() - begin) / 1e9);
            }
        }
    }

    private void say(PrintWriter out, String text) {
        if (training.verbose() > 0) {
            out.println(text);
            out.flush();
        }
    }

    /** Saves what was done and says how to go on, also when the run is to be silent. */
    private void interrupted(PrintWriter out, Model model) {
        Path file = training.interruptedFile();
        model.saveCheckpoint(file);
        out.println("stopped; go on with: " + Typed.line(spec, "--resume", "--init") + " --resume " + file);
        out.flush();
    }

    private List<String> rows(List<Map<String, Double>> epochs) {
        List<String> rows = new ArrayList<>();
        for (Map<String, Double> logs : epochs) {
            rows.add(String.format(
                    Locale.ROOT,
                    "{\"epoch\": %d, \"loss\": %s, \"accuracy\": %s, \"%sLoss\": %s, \"%sAccuracy\": %s, "
                            + "\"seconds\": %s, \"stepMillis\": %s}",
                    (int) value(logs, "epoch") + 1,
                    number(value(logs, "loss")),
                    number(value(logs, "acc")),
                    training.validates() ? "val" : "eval",
                    number(value(logs, "evalLoss")),
                    training.validates() ? "val" : "eval",
                    number(value(logs, "evalAcc")),
                    number(value(logs, "seconds")),
                    number(value(logs, "stepMillis"))));
        }
        return rows;
    }

    private static double value(Map<String, Double> logs, String name) {
        return logs.getOrDefault(name, Double.NaN);
    }

    private void write(
            Path file,
            Device.Info info,
            int parameters,
            List<Map<String, Double>> done,
            Map<String, Double> test,
            double seconds) {
        String tested = training.validates()
                ? ",\n  \"testLoss\": " + number(value(test, "loss")) + ",\n  \"testAccuracy\": "
                        + number(value(test, "acc"))
                : "";
        double[] sorted =
                done.stream().mapToDouble(logs -> value(logs, "stepMillis")).toArray();
        Arrays.sort(sorted);
        double median =
                sorted.length == 0 ? Double.NaN : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        String text = "{\n  \"network\": " + Json.quoted(network) + ",\n  \"parameters\": " + parameters
                + ",\n  \"device\": {\"kind\": " + Json.quoted(info.kind()) + ", \"platform\": "
                + Json.quoted(info.platform())
                + ", \"name\": " + Json.quoted(info.name()) + ", \"driver\": " + Json.quoted(info.driver())
                + ", \"binding\": "
                + Json.quoted(info.binding()) + "},\n  \"batch\": " + batch + ",\n  \"seed\": " + seed
                + ",\n  \"optimizer\": "
                + Json.quoted(Optimizer.of(optimizerName, learningRate).name())
                + ",\n  \"epochs\": [\n    " + String.join(",\n    ", rows(done))
                + "\n  ]" + tested + ",\n  \"stepMillisMedian\": " + number(median) + ",\n  \"totalSeconds\": "
                + number(seconds)
                + "\n}\n";
        OutputFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.valueOf(value) : "null";
    }
}
