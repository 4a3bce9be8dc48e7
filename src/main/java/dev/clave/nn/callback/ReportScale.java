package dev.clave.nn.callback;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An axis: where a value lies between its ends, and round values to mark. */
final class ReportScale {
    private static final int TICKS = 5;

    private final double low;
    private final double high;
    private final boolean log;
    private final List<Double> ticks;

    private ReportScale(double low, double high, boolean log, List<Double> ticks) {
        this.low = low;
        this.high = high;
        this.log = log;
        this.ticks = ticks;
    }

    /** From low to high or a little further, to round numbers. */
    static ReportScale linear(double low, double high) {
        double step = step((high > low ? high - low : 1) / TICKS);
        double first = Math.floor(low / step + 1e-9);
        double last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
        return new ReportScale(first * step, last * step, false, ticks(first, last, step));
    }

    /** From low to high exactly, with marks at whole numbers. */
    static ReportScale whole(double low, double high) {
        double step = Math.max(1, step((high - low) / 10));
        return new ReportScale(low, high, false, ticks(Math.ceil(low / step), Math.floor(high / step), step));
    }

    /** Logarithmic, with marks at 1, 2 and 5 times powers of ten, or at some of the powers when there are many. */
    static ReportScale log(double low, double high) {
        double decades = Math.log10(high) - Math.log10(low);
        double[] parts = decades > 3 ? new double[] {1} : new double[] {1, 2, 5};
        int stride = (int) Math.max(1, Math.ceil(decades / 8));
        List<Double> marks = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
            for (double part : parts) {
                double tick = part * Math.pow(10, power);
                if (power % stride == 0 && tick >= low * 0.999 && tick <= high * 1.001) {
                    marks.add(tick);
                }
            }
        }
        return new ReportScale(low / 1.1, high * 1.1, true, marks);
    }

    /** The next of 1, 2 and 5 times a power of ten. */
    static double step(double least) {
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (double part : new double[] {1, 2, 5}) {
            if (part * power >= least * (1 - 1e-9)) {
                return part * power;
            }
        }
        return 10 * power;
    }

    private static List<Double> ticks(double first, double last, double step) {
        List<Double> ticks = new ArrayList<>();
        for (double i = first; i <= last; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    List<Double> ticks() {
        return ticks;
    }

    /** 0 at the low end, 1 at the high end. */
    double share(double value) {
        double share = log
                ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
                : (value - low) / (high - low);
        return Math.max(0, Math.min(1, share));
    }

    /** The mark in as few digits as it needs. */
    String label(double tick) {
        if (tick != 0 && (Math.abs(tick) < 0.99e-3 || Math.abs(tick) >= 1e6)) {
            return String.format(Locale.ROOT, "%.0e", tick).replace("e-0", "e-").replace("e+0", "e");
        }
        String text = String.format(Locale.ROOT, "%.6f", tick);
        return text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
}
