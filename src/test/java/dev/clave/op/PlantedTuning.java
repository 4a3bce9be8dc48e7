package dev.clave.op;

import dev.clave.Device;
import dev.clave.internal.tune.TuningDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * With {@code -Dclave.tuning=planted} every test of a run sees a database that names other settings, and other candidates, than
 * would be taken: see {@link Tuned}. It is written before the first test opens a device. With {@code -Dclave.planted=sample}
 * the cases are a part of all, in a minute or two.
 */
public final class PlantedTuning implements BeforeAllCallback {
    private static final String PLANTED = "planted";
    private static final String SAMPLE = "sample";
    private static boolean planted;

    /** Whether this run has one. */
    static boolean isOn() {
        return planted;
    }

    /** Whether this run takes only a part of the cases. */
    static boolean isSample() {
        return planted && SAMPLE.equals(System.getProperty("clave.planted", ""));
    }

    /** Whether a sample leaves a case out: by its own text, so that it is the same part in every run. */
    static boolean leavesOut(Object what, int oneOf) {
        return isSample() && Math.floorMod(what.toString().hashCode(), oneOf) != 0;
    }

    /** A sample takes each problem in one of its layouts. */
    static int[] layouts(Object what, int[] layouts) {
        return isSample()
                ? new int[] {layouts[Math.floorMod(what.toString().hashCode() / 64, layouts.length)]}
                : layouts;
    }

    /**
     * The candidates of a problem that a run goes through. A sample takes what the planted database names, and nothing where that
     * is silent: the rest is as in every other run.
     */
    static List<String> candidates(Device device, Problem problem) {
        List<String> all = Operators.candidates(device, problem);
        if (!isSample() || !device.isOpenCl()) {
            return all;
        }
        return Tuned.isTuned(device, problem) ? all.subList(0, 1) : List.of();
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
