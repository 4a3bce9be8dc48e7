package dev.clave.nn;

import dev.clave.Device;
import dev.clave.FormatException;
import java.nio.file.Path;
import java.util.Arrays;

/** A program that saves a checkpoint of LeNet over and over, until it is killed; all weights of a file are one number. */
public final class SaveLoop {
    static final String WEIGHT = "classifier.0.weight";

    private SaveLoop() {}

    /** Arguments: the file, and how many files to save. Says {@code saved} after the first one. */
    public static void main(String[] arguments) {
        Path file = Path.of(arguments[0]);
        try (Device device = Device.cpu();
                Model model = new Model(device, new LeNet(10), InputSpec.image(1, 28, 28))) {
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            for (int i = 1; i <= Integer.parseInt(arguments[1]); i++) {
                float[] values = model.values(WEIGHT);
                Arrays.fill(values, i);
                model.values(WEIGHT, values);
                model.saveCheckpoint(file);
                if (i == 1) {
                    System.out.println("saved");
                }
            }
        } catch (FormatException e) {
            System.out.println(e.getMessage());
            System.exit(3);
        }
    }
}
