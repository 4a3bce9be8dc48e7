package dev.clave.nn;

import dev.clave.Device;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.op.Chain;
import dev.clave.op.Invocation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network compiled for inference over one source of samples. */
final class Evaluation implements AutoCloseable {
    private final Pace pace;
    private final BatchSource source;
    private final Plan plan;
    private final LossHead head;
    private final Feed feed;
    private final int features;
    /** A batch with its loss, and without. */
    private final Chain pass;

    private final Chain outputs;
    private final Owned owned = new Owned();

    /**
     * Compiles.
     *
     * @param batch samples of a batch, at most those of the source are used
     */
    Evaluation(Core core, BatchSource source, int batch, int workers) {
        Device device = core.device();
        this.pace = new Pace(device::finish, System::nanoTime);
        this.source = source;
        int size = Math.min(batch, source.size());
        int steps = (source.size() + size - 1) / size;
        Graph graph = core.graph(source);
        this.features = graph.output().features();
        boolean whole = false;
        try {
            this.plan = owned.add(core.plan(graph, size, Lowering.Purpose.INFERENCE));
            this.head = owned.add(new LossHead(device, plan, features, steps, false));
            this.feed = owned.add(new Feed(device, plan, head.labels(), source, steps, core.pad(), workers));
            List<Invocation> work = new ArrayList<>(List.of(feed.gather()));
            work.addAll(plan.forwardPass());
            this.outputs = owned.add(core.chain(work));
            work.addAll(head.invocations());
            this.pass = owned.add(core.chain(work));
            whole = true;
        } finally {
            if (!whole) {
                owned.close();
            }
        }
    }

    private void begin(RunContext context, Context.Phase phase) {
        context.phase = phase;
        context.step = 0;
        context.steps = feed.steps();
        context.samples = source.size();
        context.extra = Map.of();
        context.batchLosses = () -> new double[0];
        feed.begin(0, Samples.identity(source.size()));
        head.begin(0);
    }

    /** Loss, last batch's loss and metrics; null when the run was interrupted. */
    @org.jspecify.annotations.Nullable
    Map<String, Double> evaluate(List<Metric> metrics, RunContext context) {
        Tally tally = new Tally(source.size());
        begin(context, Context.Phase.EVALUATE);
        metrics.forEach(Metric::reset);
        context.values = () -> {
            head.read(context.step, tally);
            return values(tally, metrics);
        };
        context.batchLosses = () -> {
            head.read(context.step, tally);
            return tally.batchLosses(plan.batch());
        };
        context.call(Callback::evaluateBegin);
        while (context.step < feed.steps()) {
            int step = context.step;
            context.call(Callback::batchBegin);
            feed.place(step);
            head.place(step, feed.live(step), 1);
            pass.run();
            update(metrics, step);
            context.step = pace.after(step);
            context.call(Callback::batchEnd);
            if (context.interrupted()) {
                return null;
            }
        }
        Map<String, Double> values = context.values.get();
        context.call(Callback::evaluateEnd);
        return values;
    }

    private void update(List<Metric> metrics, int step) {
        for (Metric metric : metrics) {
            if (!onDevice(metric)) {
                metric.update(outputs(plan, feed.live(step), features), feed.labels(step));
            }
        }
    }

    static boolean onDevice(Metric metric) {
        return metric instanceof Accuracy accuracy && accuracy.bestOnly();
    }

    static float[][] outputs(Plan plan, int samples, int features) {
        return Samples.plain(plan.output().readFloats(), samples, features, plan.format());
    }

    static Map<String, Double> values(Tally tally, List<Metric> metrics) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("loss", tally.loss());
        values.put("lastLoss", tally.lastLoss());
        for (Metric metric : metrics) {
            if (metric instanceof Accuracy accuracy && accuracy.bestOnly()) {
                accuracy.set(tally.right(), tally.known());
            }
            values.putAll(metric.values());
        }
        return values;
    }

    /** Outputs of each batch, [samples][features]. */
    List<float[][]> predict(RunContext context) {
        begin(context, Context.Phase.PREDICT);
        context.values = Map::of;
        List<float[][]> all = new ArrayList<>();
        context.call(Callback::predictBegin);
        for (int step = 0; step < feed.steps(); step++) {
            context.call(Callback::batchBegin);
            feed.place(step);
            outputs.run();
            all.add(outputs(plan, feed.live(step), features));
            context.step = step + 1;
            context.call(Callback::batchEnd);
        }
        context.call(Callback::predictEnd);
        return all;
    }

    @Override
    public void close() {
        owned.close();
    }
}
