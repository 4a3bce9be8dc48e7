package dev.clave.cli;

import dev.clave.FormatException;
import dev.clave.data.DataSource;
import dev.clave.data.ImageDataset;
import dev.clave.nn.callback.Terminal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What {@code --data} means to a command. */
final class DataOption {
    private static final int SIDE = 28;

    private DataOption() {}

    /** The data, downloaded on first use with the progress on the error stream. */
    static DataSource resolve(CommandSpec spec, @Nullable String choice) {
        return DataSource.resolve(
                choice, new DownloadProgress(spec.commandLine().getErr(), Terminal.detect()));
    }

    /**
     * The data for a network.
     *
     * @throws FormatException when the images are not 28x28
     */
    static DataSource forNetwork(CommandSpec spec, @Nullable String choice) {
        DataSource source = resolve(spec, choice);
        for (ImageDataset images :
                List.of(source.split().train(), source.split().test())) {
            if (images.height() != SIDE || images.width() != SIDE) {
                throw new FormatException(
                        choice == null ? images.name() : choice,
                        -1,
                        images.name() + " holds images of " + images.height() + "x" + images.width()
                                + ", the network takes 28x28");
            }
        }
        return source;
    }
}
