package dev.clave.op;

import dev.clave.internal.tune.TuningDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * With {@code -Dclave.tuning=planted} every test of a run sees a database that names other settings, and other candidates, than
 * would be taken: see {@link Tuned}. It is written before the first test opens a device.
 */
public final class PlantedTuning implements BeforeAllCallback {
    private static final String PLANTED = "planted";
    private static boolean planted;

    /** Whether this run has one. */
    static boolean isOn() {
        return planted;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        if (PLANTED.equals(System.getProperty(TuningDatabase.PROPERTY))) {
            plant();
        }
    }

    private static void plant() throws IOException {
        Path folder = Files.createDirectories(Path.of(System.getProperty("clave.tests.folder", "target/clave-tests")));
        Path file = folder.resolve("tuning.jsonl").toAbsolutePath();
        System.setProperty(TuningDatabase.PROPERTY, "off");
        int records = Tuned.plantAll(file);
        System.setProperty(TuningDatabase.PROPERTY, file.toString());
        planted = true;
        System.out.println("tests run with " + records + " planted tuning records, " + file);
    }
}
