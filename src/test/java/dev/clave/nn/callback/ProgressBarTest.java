package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitOptions;
import dev.clave.nn.InputSpec;
import dev.clave.nn.Layers;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Optimizer;
import dev.clave.nn.Sequential;
import java.io.BufferedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run shows, with a clock that a batch takes 7 ms by. */
class ProgressBarTest {
    private static final int BATCHES = 10;

    private final StringWriter text = new StringWriter();
    private final long[] nanos = {3_000_000_000L};

    private static ImageDataset data() {
        return new ImageDataset("dark", 4, 4, 3, new byte[BATCHES * 16], new int[BATCHES]);
    }

    private static Model model(Device device) {
        return new Model(device, new Sequential(Layers.flatten(), Layers.linear(16, 3)), InputSpec.image(1, 4, 4))
                .prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
    }

    /** What is not flushed is not seen. */
    private ProgressBar bar(boolean terminal, int verbose, int logFreq) {
        return new ProgressBar(
                new PrintWriter(new BufferedWriter(text, 1 << 16)),
                new Terminal(terminal, 200),
                () -> nanos[0],
                verbose,
                logFreq);
    }

    private final class Clock implements Callback {
        private final int stopAfter;

        private Clock(int stopAfter) {
            this.stopAfter = stopAfter;
        }

        @Override
        public void batchBegin(Context context) {
            nanos[0] += 7_000_000;
        }

        @Override
        public void batchEnd(Context context) {
            if (context.totalSteps() == stopAfter) {
                context.stop();
            }
        }
    }

    private static FitOptions options(Callback... callbacks) {
        return FitOptions.of(data()).shuffle(false).callbacks(callbacks);
    }

    private List<String> shown() {
        List<String> lines = text.toString().lines().toList();
        text.getBuffer().setLength(0);
        return lines;
    }

    private void fit(FitOptions options) {
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.fit(options);
        }
    }

    @Test
    void aLineEveryLogFreqSteps() {
        fit(options(new Clock(0), bar(false, 2, 1)).verbose(0));
        List<String> all = shown();
        assertEquals(1 + BATCHES, all.size(), all.toString());
        fit(options(new Clock(0), bar(false, 2, 4)).verbose(0));
        List<String> lines = shown();
        assertEquals(4, lines.size(), lines.toString());
        assertEquals("Epoch 1/1", lines.get(0));
        assertTrue(lines.get(1).matches("step  4/10 - loss: .* - acc: .* - 7ms/step"), lines.get(1));
        assertTrue(lines.get(3).matches("step 10/10 - loss: .* - acc: .* - 7ms/step"), lines.get(3));
        assertThrows(IllegalArgumentException.class, () -> bar(false, 2, 0));
        assertThrows(IllegalArgumentException.class, () -> bar(false, 3, 1));
        assertThrows(IllegalArgumentException.class, () -> bar(false, -1, 1));
    }

    /** A terminal sees steps on the way; only a line that was begun and not finished is ended. */
    @Test
    void aTerminalIsLeftAtTheBeginOfALine() {
        for (int stopAfter : new int[] {0, 3}) {
            for (boolean terminal : new boolean[] {true, false}) {
                for (int verbose : new int[] {1, 2}) {
                    fit(options(new Clock(stopAfter), bar(terminal, verbose, 10))
                            .verbose(0));
                    String all = text.toString();
                    boolean begun = stopAfter > 0 && terminal && verbose == 1;
                    String what = stopAfter + " " + terminal + " " + verbose + ": " + all;
                    assertEquals(terminal && verbose == 1, all.contains("\rstep  1/10 [==>"), what);
                    assertTrue(all.endsWith(System.lineSeparator()), what);
                    // A heading, and the last line of a whole epoch or what was drawn of a stopped one.
                    int lines = stopAfter == 0 || begun ? 2 : 1;
                    String[] plain = all.split(System.lineSeparator(), -1);
                    assertEquals(lines + 1, plain.length, what);
                    shown();
                }
            }
        }
    }

    /** The rate of a resumed epoch is that of the steps since. */
    @Test
    void aResumedEpochCountsItsOwnSteps(@TempDir Path folder) {
        Path file = folder.resolve("c");
        try (Device device = Device.cpu();
                Model model = model(device);
                Model again = model(device)) {
            model.fit(options(new Callback() {
                        @Override
                        public void batchEnd(Context context) {
                            if (context.totalSteps() == 4) {
                                model.interrupt();
                            }
                        }
                    })
                    .verbose(0));
            model.saveCheckpoint(file);
            again.fit(options(new Clock(0), bar(false, 2, 10)).verbose(0).resume(file));
        }
        List<String> lines = shown();
        assertEquals(2, lines.size(), lines.toString());
        assertEquals("Epoch 1/1 from step 4", lines.get(0));
        assertTrue(lines.get(1).endsWith(" - 7ms/step"), lines.get(1));
    }

    @Test
    void predictionsAreShown() {
        try (Device device = Device.cpu();
                Model model = model(device)) {
            model.predict(data(), 4, new Clock(0), bar(false, 1, 10));
        }
        assertEquals(
                List.of(
                        "Predict begin...",
                        "step 3/3 [==============================] - 7ms/step",
                        "Predict samples: 10"),
                shown());
    }
}
