package dev.clave.nn.callback;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The line that shows how far an epoch is: {@code step 469/938 [==============>...............] - loss: 0.2871 - acc:
 * 0.9141 - ETA: 6s - 13ms/step}. In a terminal it is redrawn in place, at most ten times a second and never wider than
 * the terminal; elsewhere a line is printed every ten seconds and at the end.
 */
final class ProgressLine {
    private static final int WIDTH = 30;
    private static final int LEAST_WIDTH = 5;
    private static final long REDRAW_NANOS = 100_000_000;
    private static final long PLAIN_NANOS = 10_000_000_000L;

    private final PrintWriter out;
    private final Terminal terminal;
    private final LongSupplier clock;
    private final int steps;
    private final long begin;
    private long shownAt;
    private int shownLength;

    /**
     * Starts the clock.
     *
     * @param clock nanoseconds
     * @param steps of the whole epoch, at least 1
     */
    ProgressLine(PrintWriter out, Terminal terminal, LongSupplier clock, int steps) {
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
        this.steps = steps;
        this.begin = clock.getAsLong();
        // A terminal sees the first step at once, a log file waits.
        this.shownAt = terminal.present() ? begin - REDRAW_NANOS : begin;
    }

    /** Shows the state after a step, when it is time to; the values are asked for only then. */
    void step(int step, Supplier<Map<String, Double>> values) {
        long now = clock.getAsLong();
        if (step >= steps || now - shownAt < (terminal.present() ? REDRAW_NANOS : PLAIN_NANOS)) {
            return;
        }
        shownAt = now;
        String known = values(values.get());
        now = clock.getAsLong(); // asking may have waited for the device
        double perStep = (now - begin) / 1e9 / Math.max(1, step);
        String line = fit(step, known + " - ETA: " + eta(perStep * (steps - step)) + rate(perStep));
        if (terminal.present()) {
            redraw(line);
        } else {
            out.println(line);
        }
        out.flush();
    }

    /** The last line, without ETA. */
    void finish(Map<String, Double> values, double secondsPerStep) {
        String line = fit(steps, values(values) + rate(secondsPerStep));
        if (terminal.present()) {
            redraw(line);
            out.println();
        } else {
            out.println(line);
        }
        out.flush();
    }

    private void redraw(String line) {
        out.print("\r" + line + " ".repeat(Math.max(0, shownLength - line.length())));
        shownLength = line.length();
    }

    /** A terminal wraps a line that fills it, so one column stays free; the bar gives way first. */
    private String fit(int step, String rest) {
        String count = count(step, steps);
        int room = terminal.present() ? terminal.columns() - 1 : Integer.MAX_VALUE;
        int width = Math.min(WIDTH, room - count.length() - rest.length() - 3);
        String line = width < LEAST_WIDTH ? count + rest : count + " [" + bar(step, steps, width) + "]" + rest;
        return line.substring(0, Math.min(line.length(), Math.max(0, room)));
    }

    static String count(int step, int steps) {
        return String.format(Locale.ROOT, "step %" + String.valueOf(steps).length() + "d/%d", step, steps);
    }

    private static String bar(int step, int steps, int width) {
        int done = (int) ((long) width * step / steps);
        if (done == 0) {
            return ".".repeat(width);
        }
        return "=".repeat(done - 1) + (step < steps ? ">" : "=") + ".".repeat(width - done);
    }

    static String values(Map<String, Double> values) {
        StringBuilder text = new StringBuilder();
        values.forEach(
                (name, value) -> text.append(" - ").append(name).append(": ").append(value(value)));
        return text.toString();
    }

    /** Four decimals, scientific from 1e-3 downwards. */
    static String value(double value) {
        return String.format(Locale.ROOT, Math.abs(value) <= 1e-3 ? "%.4e" : "%.4f", value);
    }

    private static String eta(double seconds) {
        long s = Math.round(seconds);
        if (s >= 3600) {
            return String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
        }
        return s >= 60 ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60) : s + "s";
    }

    static String rate(double seconds) {
        if (seconds >= 1) {
            return String.format(Locale.ROOT, " - %.0fs/step", seconds);
        }
        return seconds >= 1e-3
                ? String.format(Locale.ROOT, " - %.0fms/step", seconds * 1e3)
                : String.format(Locale.ROOT, " - %.0fus/step", seconds * 1e6);
    }
}
