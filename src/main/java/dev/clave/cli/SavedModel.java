package dev.clave.cli;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import java.nio.file.Files;
import java.nio.file.Path;

/** The value of {@code --model}. */
final class SavedModel {
    /** Samples that run at once. */
    static final int BATCH = 64;

    private SavedModel() {}

    /** Refuses, before any work, what is no file. */
    static void check(Path model) {
        if (!Files.isRegularFile(model)) {
            String what = Files.isDirectory(model) ? "is a directory" : "no such file";
            throw new FormatException(model.toString(), -1, what + "; --model names weights saved by train --save");
        }
    }

    /** The network a file's metadata names, with the file's weights. */
    static Model load(Device device, Path file) {
        Model model = new Model(device, Network.of(file));
        try {
            model.load(file);
        } catch (FormatException e) {
            model.close();
            throw e;
        }
        return model;
    }
}
