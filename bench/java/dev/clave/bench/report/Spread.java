package dev.clave.bench.report;

import java.util.List;
import java.util.Locale;

/** Median and range. */
record Spread(double low, double median, double high) {
    static Spread of(List<Double> samples) {
        List<Double> sorted = samples.stream().sorted().toList();
        int count = sorted.size();
        double median = (sorted.get((count - 1) / 2) + sorted.get(count / 2)) / 2;
        return new Spread(sorted.get(0), median, sorted.get(count - 1));
    }

    /** Median with the range in brackets. */
    String text() {
        return digits(median) + " (" + digits(low) + " to " + digits(high) + ")";
    }

    static String digits(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
    }

    /** Microseconds in the unit that reads best. */
    static String time(double micros) {
        if (micros >= 1e6) {
            return digits(micros / 1e6) + " s";
        }
        return micros >= 1e3 ? digits(micros / 1e3) + " ms" : digits(micros) + " us";
    }
}
