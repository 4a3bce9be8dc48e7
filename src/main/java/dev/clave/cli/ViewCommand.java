package dev.clave.cli;

import dev.clave.data.DataSource;
import dev.clave.data.ImageDataset;
import dev.clave.data.Pictures;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Looks at data: a contact sheet as PNG, chosen samples in the terminal, one sample's numbers. */
@Command(
        name = "view",
        description = "Show images as a PNG contact sheet and in the terminal.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ViewCommand implements Runnable {
    private static final int SHEET = 50;

    private enum Part {
        train,
        test
    }

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--index",
            split = ",",
            description = "indices of images, also shown in the terminal; the first 50 by default")
    private int @Nullable [] indices;

    @Option(names = "--sample", description = "print type, shape, values, label and picture of one image")
    private @Nullable Integer sample;

    @Option(names = "--split", defaultValue = "test", description = "train or test (${DEFAULT-VALUE})")
    private Part split;

    @Option(names = "--data", description = "directory, mnist or digits")
    private @Nullable String data;

    @Option(names = "--out", description = "PNG to write; digits.png unless --sample is given")
    private @Nullable Path file;

    @Override
    public void run() {
        Path png = file == null && sample == null ? Path.of("digits.png") : file;
        OutputFile.check("--out", png);
        PrintWriter out = spec.commandLine().getOut();
        DataSource source = DataOption.resolve(spec, data);
        ImageDataset images =
                split == Part.train ? source.split().train() : source.split().test();
        int[] shown = indices;
        if (shown == null) {
            shown = new int[Math.min(SHEET, images.size())];
            Arrays.setAll(shown, i -> i);
        }
        check("--index", images, shown);
        out.println("Data: " + source.sentence());
        if (sample != null) {
            check("--sample", images, sample);
            Pictures.values(images, sample).forEach(out::println);
            Pictures.lines(images, sample).forEach(out::println);
        }
        if (indices != null) {
            for (int index : shown) {
                Pictures.lines(images, index).forEach(out::println);
                out.printf(Locale.ROOT, "%s #%d: label %d%n", images.name(), index, images.labels()[index]);
            }
        }
        if (png != null) {
            OutputFile.write(png, Pictures.contactSheet(images, shown));
            out.println(png + " written");
        }
    }

    /** Refuses indices that the data does not have. */
    static void check(String option, ImageDataset images, int... indices) {
        for (int index : indices) {
            if (index < 0 || index >= images.size()) {
                throw new IllegalArgumentException(
                        option + ": " + index + " is outside 0.." + (images.size() - 1) + " of " + images.name());
            }
        }
    }
}
