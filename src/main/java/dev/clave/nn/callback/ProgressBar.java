package dev.clave.nn.callback;

import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Shows how far a run is: verbose 1 with a bar, verbose 2 with a line every {@code logFreq} steps. */
public final class ProgressBar implements Callback {
    private final PrintWriter out;
    private final Terminal terminal;
    private final LongSupplier clock;
    private final int verbose;
    private final int logFreq;
    private @Nullable ProgressLine line;
    private long begin;
    private int first;

    /**
     * To the standard output.
     *
     * @param verbose 0 silent, 1 a bar, 2 lines
     * @param logFreq steps between two lines
     */
    public ProgressBar(int verbose, int logFreq) {
        this(
                new PrintWriter(new OutputStreamWriter(System.out, Charset.defaultCharset()), true),
                Terminal.detect(),
                System::nanoTime,
                verbose,
                logFreq);
    }

    /**
     * To a writer.
     *
     * @param out where lines go
     * @param terminal what it is shown on
     * @param clock nanoseconds
     * @param verbose 0 silent, 1 a bar, 2 a line every logFreq steps
     * @param logFreq steps between lines, at least 1
     */
    public ProgressBar(PrintWriter out, Terminal terminal, LongSupplier clock, int verbose, int logFreq) {
        if (verbose < 0 || verbose > 2 || logFreq < 1) {
            throw new IllegalArgumentException(
                    "progress: verbose is 0, 1 or 2 and logFreq at least 1, got " + verbose + " and " + logFreq);
        }
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
        this.verbose = verbose;
        this.logFreq = logFreq;
    }

    private void say(String text) {
        if (verbose > 0) {
            out.println(text);
            out.flush();
        }
    }

    private void open(Context context) {
        begin = clock.getAsLong();
        first = context.step();
        line = new ProgressLine(out, terminal, clock, Math.max(1, context.steps()));
    }

    @Override
    public void trainBegin(Context context) {
        if (context.step() > 0) {
            say("Epoch " + (context.epoch() + 1) + "/" + context.epochs() + " from step " + context.step());
            open(context);
        }
    }

    @Override
    public void epochBegin(Context context) {
        say("Epoch " + (context.epoch() + 1) + "/" + context.epochs());
        open(context);
    }

    @Override
    public void evaluateBegin(Context context) {
        say("Eval begin...");
        open(context);
    }

    @Override
    public void evaluateEnd(Context context) {
        say("Eval samples: " + context.samples());
    }

    @Override
    public void predictBegin(Context context) {
        say("Predict begin...");
        open(context);
    }

    @Override
    public void predictEnd(Context context) {
        say("Predict samples: " + context.samples());
    }

    @Override
    public void batchEnd(Context context) {
        ProgressLine shown = line;
        if (verbose == 0 || shown == null) {
            return;
        }
        boolean last = context.step() == context.steps();
        if (verbose == 1) {
            if (last) {
                Map<String, Double> values = context.values();
                shown.finish(values, perStep(context));
                line = null;
            } else {
                shown.step(context.step(), context::values);
            }
        } else if (last || context.step() % logFreq == 0) {
            String values = ProgressLine.values(context.values());
            String rate = ProgressLine.rate(perStep(context));
            say(ProgressLine.count(context.step(), context.steps()) + values + rate);
        }
    }

    private double perStep(Context context) {
        return (clock.getAsLong() - begin) / 1e9 / Math.max(1, context.step() - first);
    }

    @Override
    public void trainEnd(Context context) {
        if (line != null && verbose == 1 && terminal.present()) {
            say(""); // a stopped epoch leaves its line without an end
        }
        line = null;
    }
}
