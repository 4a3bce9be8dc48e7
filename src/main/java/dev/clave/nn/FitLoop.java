package dev.clave.nn;

import dev.clave.Device;
import dev.clave.internal.rng.Philox;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.nn.callback.State;
import dev.clave.op.Chain;
import dev.clave.op.Invocation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The loop of {@link Model#fit}. A step only enqueues: no memory is allocated on the device, and losses and hits stay there
 * until somebody asks.
 */
final class FitLoop implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(FitLoop.class.getName());

    private final Pace pace;
    private final TrainState state;
    private final Cursor cursor;
    private final FitOptions options;
    private final Plan plan;
    private final LossHead head;
    private final Feed feed;
    private final @Nullable Evaluation evaluation;
    private final RunContext context;
    /** A batch from the gathering to the gradients, and to the new parameters unless gradients accumulate. */
    private final Chain pass;

    private final int features;
    private final boolean accumulates;
    private final Owned owned = new Owned();
    private final List<Map<String, Double>> epochs = new ArrayList<>();
    /** Metrics that read the outputs of every batch; an array, so that a step takes no iterator. */
    private final Metric[] onHost;

    /** Compiles for the options; the state's cursor says where to begin. */
    FitLoop(TrainState state, FitOptions options, RunContext context) {
        Core core = state.core;
        Device device = core.device();
        this.pace = new Pace(device::finish, System::nanoTime);
        this.state = state;
        this.cursor = state.cursor;
        this.options = options;
        this.context = context;
        this.accumulates = options.accumulateGradBatches() > 1;
        this.onHost = state.metrics.stream()
                .filter(metric -> metric.inTraining() && !Evaluation.onDevice(metric))
                .toArray(Metric[]::new);
        boolean whole = false;
        try {
            Graph graph = core.graph(options.trainData());
            Core.checkScores(graph);
            int steps = options.steps();
            this.features = graph.output().features();
            this.plan = owned.add(core.plan(graph, options.batchSize(), Lowering.Purpose.TRAINING));
            this.head = owned.add(new LossHead(device, plan, features, steps, true));
            this.feed = owned.add(new Feed(
                    device, plan, head.labels(), options.trainData(), steps, core.pad(), options.numWorkers()));
            this.pass = owned.add(chain());
            BatchSource evalData = options.evalData();
            this.evaluation = evalData == null
                    ? null
                    : owned.add(new Evaluation(core, evalData, options.evalBatchSize(), options.numWorkers()));
            whole = true;
        } finally {
            if (!whole) {
                owned.close();
            }
        }
        state.update.gradients(
                accumulates ? state.accumulator().sum() : core.parameters().gradients());
        state.candidates = plan.report().candidates();
        state.kernels = device.name() + ", kernels " + Integer.toHexString(state.candidates.hashCode());
        if (!state.resumedKernels.isEmpty() && !state.resumedKernels.equals(state.kernels)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the checkpoint was made on " + state.resumedKernels + ", this is " + state.kernels
                            + difference(state.resumedCandidates, state.candidates)
                            + ": training goes on, but not bit for bit as it would have there");
        }
        state.resumedCandidates = "";
        state.resumedKernels = "";
    }

    private Chain chain() {
        List<Invocation> work = new ArrayList<>(List.of(feed.gather()));
        work.addAll(plan.forwardPass());
        work.addAll(head.invocations());
        work.addAll(plan.backwardPass());
        if (!accumulates) {
            work.add(state.update.invocation());
        }
        return state.core.chain(work);
    }

    /** The first launch that another candidate computed, in words; empty when none did or it is not known. */
    static String difference(String before, String now) {
        List<String> then = before.lines().toList();
        List<String> here = now.lines().toList();
        for (int i = 0; i < Math.min(then.size(), here.size()); i++) {
            if (!then.get(i).equals(here.get(i))) {
                return ", where '" + then.get(i) + "' is '" + here.get(i) + "'";
            }
        }
        return "";
    }

    FitResult run() {
        state.fitting = true;
        context.epochs = options.epochs();
        context.epoch = cursor.epoch;
        context.phase = Context.Phase.TRAIN;
        context.step = cursor.step;
        context.steps = options.steps();
        if (options.resume() == null) {
            cursor.rate = rate();
        }
        context.call(Callback::trainBegin);
        while (cursor.epoch < options.epochs() && !context.stopping()) {
            epoch();
        }
        context.extra = epochs.isEmpty() ? Map.of() : epochs.get(epochs.size() - 1);
        context.call(Callback::trainEnd);
        return new FitResult(epochs, context.stopping && !context.interrupted(), context.interrupted());
    }

    /** One epoch, or what is left of it, as far as nobody stops it. */
    private void epoch() {
        int steps = options.steps(cursor.epoch);
        Tally tally = state.tally == null ? new Tally(options.trainData().size()) : state.tally;
        state.tally = tally;
        state.sync = () -> head.read(cursor.step, tally);
        train();
        int begun = cursor.step;
        context.values = () -> {
            head.read(context.step, tally);
            return Evaluation.values(tally, state.metrics);
        };
        context.batchLosses = () -> {
            head.read(context.step, tally);
            return tally.batchLosses(options.batchSize());
        };
        if (begun == 0) {
            state.metrics.forEach(Metric::reset);
            context.call(Callback::epochBegin);
        }
        head.begin(begun);
        feed.begin(cursor.shuffles, order());
        long begin = System.nanoTime();
        while (cursor.step < steps && !context.stopping()) {
            step(cursor.step, steps);
        }
        double[] losses = context.batchLosses.get(); // waits for the device
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (cursor.step < steps) {
            return;
        }
        Map<String, Double> logs = new LinkedHashMap<>(context.values.get());
        if (evaluation != null && cursor.epoch % options.evalFreq() == 0 && !evaluate(evaluation, logs)) {
            return;
        }
        logs.put("learningRate", cursor.rate);
        logs.put("seconds", seconds);
        logs.put("stepMillis", seconds * 1000 / Math.max(1, steps - begun));
        end(logs, losses);
    }

    private void train() {
        context.phase = Context.Phase.TRAIN;
        context.epoch = cursor.epoch;
        context.step = cursor.step;
        context.steps = options.steps(cursor.epoch);
        context.samples = options.trainData().size();
        context.extra = Map.of();
    }

    private int[] order() {
        int[] order = Samples.identity(options.trainData().size());
        if (options.shuffle()) {
            new Philox(state.core.seed(), -1 - cursor.shuffles).shuffle(order);
        }
        return order;
    }

    private void step(int step, int steps) {
        context.call(Callback::batchBegin);
        int group = options.accumulateGradBatches();
        int groupBegin = step / group * group;
        int groupEnd = Math.min(steps, groupBegin + group);
        int samples = 0;
        for (int s = groupBegin; s < groupEnd; s++) {
            samples += feed.live(s);
        }
        plan.at(cursor.batches, feed.first(step));
        feed.place(step);
        head.place(step, feed.live(step), 1.0 / samples);
        boolean updates = step + 1 == groupEnd;
        if (updates) {
            cursor.rate = rate();
            state.update.place(++cursor.updates, cursor.rate);
        }
        pass.runLater();
        if (accumulates) {
            state.accumulator().add(cursor.gathered == 0);
            cursor.gathered = updates ? 0 : cursor.gathered + 1;
            if (updates) {
                state.update.invocation().run();
            }
        }
        for (Metric metric : onHost) {
            metric.update(Evaluation.outputs(plan, feed.live(step), features), feed.labels(step));
        }
        cursor.batches++;
        cursor.step = pace.after(step);
        context.step = cursor.step;
        context.call(Callback::batchEnd);
    }

    private double rate() {
        int steps = options.steps();
        long step = (long) cursor.epoch * steps + cursor.step;
        double factor = options.schedule() instanceof Schedule.Constant
                ? 1
                : options.schedule().factor(new Schedule.Place(step, steps));
        double rate = state.optimizer.learningRate() * factor * cursor.rateScale;
        if (!(rate >= 0 && rate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("schedule: learning rate " + rate + " at step " + step);
        }
        return rate;
    }

    /** False when it was interrupted: the epoch is not over then, and a resumed run evaluates anew. */
    private boolean evaluate(Evaluation on, Map<String, Double> logs) {
        // The same metrics serve training and evaluation: an interrupted one must not leave its half behind.
        List<State> held = state.heldMetrics();
        Map<String, Double> values = on.evaluate(state.metrics, context);
        if (values == null) {
            state.restoreMetrics(held);
            return false;
        }
        values.forEach((name, value) ->
                logs.put("eval" + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1), value));
        return true;
    }

    private void end(Map<String, Double> logs, double[] losses) {
        train();
        context.values = () -> logs;
        context.batchLosses = losses::clone;
        Map<String, Double> row = new LinkedHashMap<>(Map.of("epoch", (double) context.epoch));
        row.putAll(logs);
        epochs.add(row);
        // A checkpoint made by a callback begins with the next epoch.
        cursor.epoch++;
        cursor.step = 0;
        cursor.shuffles++;
        state.tally = null;
        state.sync = () -> {};
        context.call(Callback::epochEnd);
    }

    @Override
    public void close() {
        owned.close();
        state.fitting = false;
        state.sync = () -> {};
        state.update.gradients(state.core.parameters().gradients());
    }
}
