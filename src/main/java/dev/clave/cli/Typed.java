package dev.clave.cli;

import dev.clave.data.ImageDataset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** What a person typed, to be typed again. */
final class Typed {
    private Typed() {}

    /**
     * The command line, quoted for a shell.
     *
     * @param without options with a value that are left out
     */
    static String line(CommandSpec spec, String... without) {
        List<String> left = List.of(without);
        List<String> kept = new ArrayList<>();
        List<String> arguments = spec.root().commandLine().getParseResult().originalArgs();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (left.contains(argument)) {
                i++;
            } else if (left.stream().noneMatch(option -> argument.startsWith(option + "="))) {
                kept.add(argument);
            }
        }
        return kept.stream().map(Typed::quoted).collect(Collectors.joining(" ", "./clave ", ""));
    }

    private static String quoted(String argument) {
        return argument.matches("[\\w./:,=+-]+") ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }

    /** Heading of a report. */
    static String title(String network, ImageDataset images) {
        return "LeNet (" + network + ") on " + (images.name().startsWith("MNIST") ? "MNIST" : images.name());
    }
}
