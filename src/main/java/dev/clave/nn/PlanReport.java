package dev.clave.nn;

import dev.clave.Device;
import dev.clave.internal.Json;
import dev.clave.op.Chain;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Peak;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The launches of a plan as a table and as a trace. Timing runs the plan on whatever its buffers hold, so their values and the
 * gradients are gone afterwards.
 */
final class PlanReport {
    private static final int ROUNDS = 7;
    private static final int RUNS = 20;

    /** A run with the layer it belongs to. */
    record Run(String layer, Invocation invocation) {
        Problem problem() {
            return invocation.problem();
        }

        String output() {
            String output = "";
            for (Slot slot : problem().slots()) {
                output = slot.role() == Slot.Role.IN ? output : slot.shape().toString();
            }
            return output;
        }

        /** Read and written, each tensor once. */
        long bytes() {
            long bytes = 0;
            for (Slot slot : problem().slots()) {
                bytes += (long) slot.shape().elements() * slot.dtype().bytes();
            }
            return bytes;
        }
    }

    private final Device device;
    private final List<Run> runs;
    private final boolean chained;
    private final String memory;

    /**
     * Of runs.
     *
     * @param chained whether a step enqueues them as a chain
     */
    PlanReport(Device device, List<Run> runs, boolean chained, String memory) {
        this.device = device;
        this.runs = runs;
        this.chained = chained;
        this.memory = memory;
    }

    /**
     * Each run in order: layer, operator and direction, candidate, output, work, bytes read and written, whether the candidate
     * is tuned, and which faster candidates refused; then the memory of all.
     *
     * @param profile also times each run alone, the best of several: microseconds, GFLOP/s and percent of the FMA peak
     */
    String text(boolean profile) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%-16s %-28s %-10s %-20s %9s %9s%s%n",
                "layer",
                "operator",
                "candidate",
                "output",
                "MFLOP",
                "KB",
                profile ? "        us   GFLOP/s    % peak" : "  refused before"));
        double peak = profile ? Peak.measure(device) : 0;
        double total = 0;
        for (Run run : runs) {
            String note = run.invocation().note();
            String refused = profile ? "" : refused(run);
            String more = "  " + note + (note.isEmpty() || refused.isEmpty() ? "" : "; ") + refused;
            if (profile) {
                double micros = micros(run.invocation()::run);
                double gflops = run.problem().flops() / micros / 1e3;
                total += micros;
                more = String.format(Locale.ROOT, "%10.1f %9.1f %9.1f", micros, gflops, 100 * gflops / peak) + more;
            }
            text.append(String.format(
                    Locale.ROOT,
                    "%-16s %-28s %-10s %-20s %9.3f %9.1f%s%n",
                    run.layer(),
                    run.problem(),
                    run.invocation().candidate(),
                    run.output(),
                    run.problem().flops() / 1e6,
                    run.bytes() / 1e3,
                    more.stripTrailing()));
        }
        text.append(runs.size()).append(" launches, ").append(memory);
        if (profile) {
            text.append(String.format(Locale.ROOT, ", %.0f us one by one: %s", total, ofPeak(total, peak)));
        }
        try (Chain chain = Chain.of(runs.stream().map(Run::invocation).toList(), chained)) {
            if (chain.launches() < runs.size()) {
                text.append(", enqueued as ").append(chain.launches());
                if (profile) {
                    double micros = micros(chain::run);
                    text.append(String.format(Locale.ROOT, ": %.0f us, %s", micros, ofPeak(micros, peak)));
                }
            }
        }
        return text.append('\n').toString();
    }

    private String ofPeak(double micros, double peak) {
        return String.format(
                Locale.ROOT, "%.1f %% of the FMA peak of %.0f GFLOP/s", 100 * flops() / micros / 1e3 / peak, peak);
    }

    /** One line for each run: layer, operator and direction, candidate, settings that were measured. */
    String candidates() {
        return runs.stream()
                .map(run -> (run.layer() + " " + run.problem() + " "
                                + run.invocation().candidate() + " "
                                + run.invocation().note())
                        .strip())
                .collect(Collectors.joining("\n"));
    }

    /** Operations of all runs. */
    double flops() {
        return runs.stream().mapToDouble(run -> run.problem().flops()).sum();
    }

    int launches() {
        return runs.size();
    }

    /** What the faster candidates said. */
    private String refused(Run run) {
        String candidate = run.invocation().candidate();
        return Operators.explain(device, run.problem())
                .lines()
                .map(line -> line.substring(run.problem().toString().length() + 2))
                .takeWhile(line -> !line.startsWith(candidate + " takes it"))
                .map(line -> line.replace(" refuses, ", ": "))
                .collect(Collectors.joining("; "));
    }

    private double micros(Runnable work) {
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long begin = System.nanoTime();
            for (int i = 0; i < RUNS; i++) {
                work.run();
            }
            device.finish();
            best = Math.min(best, (System.nanoTime() - begin) / 1e3 / RUNS);
        }
        return best;
    }

    /**
     * One pass in Chrome's trace format (JSON, an array of complete events "X", times in microseconds), to open in
     * chrome://tracing or ui.perfetto.dev. Every launch is waited for, so that it shows what it takes alone, the wait
     * included; a step enqueues them back to back and is shorter.
     */
    String trace() {
        for (int i = 0; i < RUNS; i++) {
            runs.forEach(run -> run.invocation().run());
        }
        device.finish();
        StringBuilder text = new StringBuilder("[\n");
        text.append("{\"name\": \"process_name\", \"ph\": \"M\", \"pid\": 1, \"tid\": 1, \"args\": {\"name\": ")
                .append(Json.quoted(device.name()))
                .append("}}");
        long zero = System.nanoTime();
        for (Run run : runs) {
            long begin = System.nanoTime();
            run.invocation().run();
            device.finish();
            double micros = (System.nanoTime() - begin) / 1e3;
            text.append(String.format(
                    Locale.ROOT,
                    ",%n{\"name\": %s, \"cat\": %s, \"ph\": \"X\", \"pid\": 1, \"tid\": 1, \"ts\": %.3f, \"dur\": %.3f, "
                            + "\"args\": {\"layer\": %s, \"candidate\": %s, \"output\": %s, \"MFLOP\": %.3f, \"KB\": %.1f, "
                            + "\"GFLOP/s\": %.1f}}",
                    Json.quoted(run.layer() + " " + run.problem()),
                    Json.quoted(run.problem().operator()),
                    (begin - zero) / 1e3,
                    micros,
                    Json.quoted(run.layer()),
                    Json.quoted(run.invocation().candidate()),
                    Json.quoted(run.output()),
                    run.problem().flops() / 1e6,
                    run.bytes() / 1e3,
                    run.problem().flops() / micros / 1e3));
        }
        return text.append("\n]\n").toString();
    }
}
