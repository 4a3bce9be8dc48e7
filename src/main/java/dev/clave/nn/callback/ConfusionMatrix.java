package dev.clave.nn.callback;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How often samples of one class were taken for another. For class c with TP hits: precision TP / predicted as c, recall TP /
 * support, F1 2 TP / (predicted + support). A ratio without a case is NaN, printed as {@code -}; means over the classes leave
 * such classes out.
 */
public final class ConfusionMatrix {
    private static final int MOST_CLASSES = 10_000;
    private static final String MEASURES = "precision recall     f1  support";

    private final int classes;
    private final long[] counts;

    /**
     * An empty matrix.
     *
     * @param classes 1 to 10,000
     */
    public ConfusionMatrix(int classes) {
        this.classes = checked(classes);
        this.counts = new long[classes * classes];
    }

    static int checked(int classes) {
        if (classes < 1 || classes > MOST_CLASSES) {
            throw new IllegalArgumentException(
                    "confusion matrix: 1 to " + MOST_CLASSES + " classes are expected, got " + classes);
        }
        return classes;
    }

    /**
     * Counts one sample.
     *
     * @param label the class a sample has, from 0
     * @param prediction the class that was predicted, from 0
     */
    public void add(int label, int prediction) {
        counts[index(label, prediction)]++;
    }

    /**
     * Counts the first {@code live} samples of a batch.
     *
     * @param labels [at least live], each in [0, classes)
     * @param predictions [at least live], each in [0, classes)
     * @param live how many of the samples count
     */
    public void add(int[] labels, int[] predictions, int live) {
        if (live < 0 || live > labels.length || live > predictions.length) {
            throw new IllegalArgumentException("confusion matrix: " + live + " samples are expected, got "
                    + labels.length + " labels and " + predictions.length + " predictions");
        }
        for (int i = 0; i < live; i++) {
            add(labels[i], predictions[i]);
        }
    }

    /**
     * Adds the counts of another matrix of the same size.
     *
     * @param other what is added
     */
    public void add(ConfusionMatrix other) {
        if (other.classes != classes) {
            throw new IllegalArgumentException("confusion matrix: " + classes + " classes, got " + other.classes);
        }
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    /** Forgets all samples. */
    public void clear() {
        java.util.Arrays.fill(counts, 0);
    }

    private int index(int label, int prediction) {
        if (label < 0 || label >= classes || prediction < 0 || prediction >= classes) {
            throw new IllegalArgumentException("confusion matrix: classes are 0.." + (classes - 1) + ", got label "
                    + label + " and prediction " + prediction);
        }
        return label * classes + prediction;
    }

    /** {@return number of classes} */
    public int classes() {
        return classes;
    }

    /**
     * {@return samples of a label that were predicted as some class}
     *
     * @param label the class a sample has, from 0
     * @param prediction the class that was predicted, from 0
     */
    public long count(int label, int prediction) {
        return counts[index(label, prediction)];
    }

    /**
     * {@return samples of a label}
     *
     * @param label the class a sample has, from 0
     */
    public long support(int label) {
        long sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += count(label, c);
        }
        return sum;
    }

    /**
     * {@return samples predicted as some class}
     *
     * @param prediction the class that was predicted, from 0
     */
    public long predicted(int prediction) {
        long sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += count(c, prediction);
        }
        return sum;
    }

    /** {@return all samples} */
    public long samples() {
        long sum = 0;
        for (long count : counts) {
            sum += count;
        }
        return sum;
    }

    /** {@return samples predicted right} */
    public long correct() {
        long sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += count(c, c);
        }
        return sum;
    }

    /** {@return correct samples of all, NaN for none} */
    public double accuracy() {
        return (double) correct() / samples();
    }

    /**
     * {@return right ones among those predicted as a class, NaN when there are none}
     *
     * @param label the class a sample has, from 0
     */
    public double precision(int label) {
        return (double) count(label, label) / predicted(label);
    }

    /**
     * {@return right ones among those of a class, NaN when there are none}
     *
     * @param label the class a sample has, from 0
     */
    public double recall(int label) {
        return (double) count(label, label) / support(label);
    }

    /**
     * {@return harmonic mean of precision and recall, NaN when the class was neither there nor predicted}
     *
     * @param label the class a sample has, from 0
     */
    public double f1(int label) {
        return 2.0 * count(label, label) / (predicted(label) + support(label));
    }

    /** {@return unweighted mean of {@link #precision} over the classes that have one} */
    public double meanPrecision() {
        return mean(this::precision);
    }

    /** {@return unweighted mean of {@link #recall} over the classes that have one} */
    public double meanRecall() {
        return mean(this::recall);
    }

    /** {@return unweighted mean of {@link #f1} over the classes that have one} */
    public double meanF1() {
        return mean(this::f1);
    }

    private double mean(java.util.function.IntToDoubleFunction measure) {
        return java.util.stream.IntStream.range(0, classes)
                .mapToDouble(measure)
                .filter(value -> !Double.isNaN(value))
                .average()
                .orElse(Double.NaN);
    }

    /** The matrix and the measures of each class as text, rows are labels; classes are named by their numbers. */
    @Override
    public String toString() {
        return text(java.util.stream.IntStream.range(0, classes)
                .mapToObj(String::valueOf)
                .toList());
    }

    /**
     * {@return the matrix and the measures of each class as text, rows are labels}
     *
     * @param names of the classes
     */
    public String text(List<String> names) {
        return text(names, Integer.MAX_VALUE);
    }

    /**
     * As {@link #text(List)}, with the measures below the matrix when both have no place beside each other.
     *
     * @param names of the classes, in order
     * @param columns width in characters
     * @return the text
     */
    public String text(List<String> names, int columns) {
        if (names.size() != classes) {
            throw new IllegalArgumentException(
                    "confusion matrix: " + classes + " names are expected, got " + names.size());
        }
        int longest = names.stream().mapToInt(String::length).max().orElse(0);
        int name = Math.max(5, longest);
        long most = 0;
        for (long count : counts) {
            most = Math.max(most, count);
        }
        int column = Math.max(longest, Math.max(3, String.valueOf(most).length())) + 1;
        boolean beside = columns >= name + 2 + column * classes + 3 + MEASURES.length();
        String gap = " ".repeat(column * classes);
        List<String> left = new ArrayList<>();
        List<String> right = new ArrayList<>();
        StringBuilder header = new StringBuilder(right("label", name)).append(" |");
        names.forEach(n -> header.append(right(n, column)));
        left.add(header.toString());
        right.add(MEASURES);
        left.add("-".repeat(name) + "-+" + "-".repeat(column * classes));
        right.add("-".repeat(MEASURES.length()));
        for (int c = 0; c < classes; c++) {
            StringBuilder line = new StringBuilder(right(names.get(c), name)).append(" |");
            for (int p = 0; p < classes; p++) {
                line.append(right(count(c, p) == 0 ? "." : String.valueOf(count(c, p)), column));
            }
            left.add(line.toString());
            right.add(measures(precision(c), recall(c), f1(c), support(c)));
        }
        right.add(measures(meanPrecision(), meanRecall(), meanF1(), samples()));
        StringBuilder text = new StringBuilder();
        for (int i = 0; beside && i < right.size(); i++) {
            String row = i < left.size() ? left.get(i) : right("mean", name) + " |" + gap;
            text.append(row).append(i == 1 ? "-+-" : " | ").append(right.get(i)).append('\n');
        }
        if (!beside) {
            left.forEach(line -> text.append(line).append('\n'));
            text.append('\n');
            for (int i = 0; i < right.size(); i++) {
                String row = i < left.size() ? left.get(i).substring(0, name) : right("mean", name);
                text.append(row)
                        .append(i == 1 ? "-+-" : " | ")
                        .append(right.get(i))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static String measures(double precision, double recall, double f1, long support) {
        return right(ratio(precision), 9)
                + right(ratio(recall), 7)
                + right(ratio(f1), 7)
                + right(String.valueOf(support), 9);
    }

    /** Four digits behind the point, or a dash for NaN. */
    static String ratio(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
    }

    private static String right(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }
}
