package dev.clave.cli;

import dev.clave.Device;
import dev.clave.data.DataSource;
import dev.clave.data.ImageDataset;
import dev.clave.nn.Accuracy;
import dev.clave.nn.BatchSource;
import dev.clave.nn.Model;
import dev.clave.nn.Predictions;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.ConfusionMatrix;
import dev.clave.nn.callback.ReportFile;
import dev.clave.nn.callback.Terminal;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Loss, accuracy, confusion matrix and the measures of each class on the test images. */
@Command(name = "evaluate", description = "Evaluate saved weights.", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class EvaluateCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, description = "weights saved by train --save")
    private Path model;

    @Option(names = "--data", description = "directory, mnist or digits")
    private @Nullable String data;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--report", description = "write a page with confusion matrix and mistakes to this HTML file")
    private @Nullable Path report;

    @Override
    public void run() {
        SavedModel.check(model);
        OutputFile.checkRegular("--report", report);
        DataSource source = DataOption.forNetwork(spec, data);
        ImageDataset test = source.split().test();
        PrintWriter out = spec.commandLine().getOut();
        try (Device opened = device.open();
                Model loaded = SavedModel.load(opened, model)) {
            Predictions seen = new Predictions();
            Callback[] callbacks = report == null
                    ? new Callback[0]
                    : new Callback[] {
                        new ReportFile(OutputFile.real(report))
                                .title(Typed.title(loaded.name(), test))
                                .command(Typed.line(spec))
                    };
            Map<String, Double> result =
                    loaded.evaluate(BatchSource.of(test), SavedModel.BATCH, List.of(new Accuracy(), seen), callbacks);
            out.println("Data: " + source.sentence());
            out.println("Eval samples: " + test.size());
            out.println(String.format(
                    Locale.ROOT, "%s - loss: %.4f - acc: %.4f", loaded.name(), result.get("loss"), result.get("acc")));
            ConfusionMatrix matrix = new ConfusionMatrix(test.classes());
            seen.samples().forEach(sample -> matrix.add(sample.label(), sample.prediction()));
            List<String> names =
                    IntStream.range(0, test.classes()).mapToObj(String::valueOf).toList();
            out.println();
            out.println("Confusion matrix, rows are labels, columns predictions:");
            out.print(matrix.text(names, Terminal.detect().columns()));
            if (report != null) {
                out.println();
                out.println("report written to " + report);
            }
            out.flush();
        }
    }
}
