package dev.clave.nn.callback;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that a {@link Report} shows. Parts that are empty are left out of the page.
 *
 * @param title heading, for example {@code LeNet on MNIST}
 * @param subtitle one line below it, for example when and for how long; may be empty
 * @param epochs one entry per epoch, in order
 * @param weightsEpoch number of the epoch, from 1, whose weights the rest is about, when older ones were put back; else 0
 * @param steps loss of single steps, in order
 * @param classes names of the classes, as many as the confusion matrix has; may be empty without one
 * @param confusion of the evaluation, null without one
 * @param mistakes samples predicted wrongly, the most interesting first
 * @param layers rows of the summary table
 * @param totals below that table, for example {@code Total params}, in order
 * @param device name and value, in order
 * @param settings name and value, in order
 * @param command line that repeats the run; may be empty
 */
public record ReportData(
        String title,
        String subtitle,
        List<Epoch> epochs,
        int weightsEpoch,
        List<Step> steps,
        List<String> classes,
        @Nullable ConfusionMatrix confusion,
        List<Mistake> mistakes,
        List<Layer> layers,
        Map<String, String> totals,
        Map<String, String> device,
        Map<String, String> settings,
        String command) {

    /** Copies what could change and checks what belongs together. */
    public ReportData {
        epochs = List.copyOf(epochs);
        steps = List.copyOf(steps);
        classes = List.copyOf(classes);
        mistakes = List.copyOf(mistakes);
        layers = List.copyOf(layers);
        totals = Collections.unmodifiableMap(new LinkedHashMap<>(totals));
        device = Collections.unmodifiableMap(new LinkedHashMap<>(device));
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        if (confusion != null && confusion.classes() != classes.size()) {
            throw new IllegalArgumentException("report: the confusion matrix has " + confusion.classes()
                    + " classes, got names of " + classes.size());
        }
        for (Mistake mistake : mistakes) {
            if (mistake.label >= classes.size() || mistake.prediction >= classes.size()) {
                throw new IllegalArgumentException("report: sample " + mistake.index + " has label " + mistake.label
                        + " and prediction " + mistake.prediction + ", there are names of " + classes.size()
                        + " classes");
            }
        }
    }

    /**
     * One epoch. NaN stands for what was not measured.
     *
     * @param number from 1 on
     * @param loss mean loss of the training samples
     * @param accuracy of the training samples, 0 to 1
     * @param evalLoss mean loss of the evaluation samples
     * @param evalAccuracy of the evaluation samples, 0 to 1
     */
    public record Epoch(int number, double loss, double accuracy, double evalLoss, double evalAccuracy) {}

    /**
     * One training step.
     *
     * @param epochs how many epochs had been done after it, for example 1.5
     * @param loss of its batch
     */
    public record Step(double epochs, double loss) {}

    /**
     * A sample predicted wrongly.
     *
     * @param index of the sample
     * @param label the class a sample has, from 0
     * @param prediction the class that was predicted, from 0
     * @param probability of the prediction, 0 to 1
     * @param height pixels from top to bottom
     * @param width pixels from left to right
     * @param pixels bytes [height, width], 0 is black
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by identity only
    public record Mistake(
            int index, int label, int prediction, double probability, int height, int width, byte[] pixels) {
        /** Checks sizes. */
        public Mistake {
            if (label < 0 || prediction < 0 || height < 1 || width < 1 || pixels.length != (long) height * width) {
                throw new IllegalArgumentException("report: sample " + index + " with label " + label + ", prediction "
                        + prediction + " and " + pixels.length + " pixels for " + height + "x" + width);
            }
        }
    }

    /**
     * A row of the summary table.
     *
     * @param name with type, for example {@code Conv2D-1}
     * @param input what it reads
     * @param output what goes out
     * @param parameters how many numbers it learns
     */
    public record Layer(String name, String input, String output, long parameters) {}

    /** The epoch whose weights were put back, or null when the weights are those of the last one. */
    @Nullable
    Epoch kept() {
        Epoch found = null;
        for (int i = 0; i < epochs.size() - 1; i++) {
            found = epochs.get(i).number == weightsEpoch ? epochs.get(i) : found;
        }
        return found;
    }

    /** The last epoch with a finite evaluation accuracy that none exceeds, or null. */
    @Nullable
    Epoch best() {
        List<Epoch> evaluated = new ArrayList<>(epochs);
        evaluated.removeIf(epoch -> !Double.isFinite(epoch.evalAccuracy));
        return evaluated.stream()
                .reduce((a, b) -> b.evalAccuracy >= a.evalAccuracy ? b : a)
                .orElse(null);
    }
}
