package dev.clave.nn;

import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What training changes: the content of a checkpoint, on the device and on the host. */
final class TrainState implements AutoCloseable {
    final Core core;
    final Optimizer optimizer;
    final List<Metric> metrics;
    final Update update;
    final Cursor cursor = new Cursor();
    /** Options a resumed run must have too. */
    Map<String, String> fixed = Map.of();

    List<Callback> callbacks = List.of();
    /** Losses and hits of the running epoch. */
    @Nullable
    Tally tally;
    /** Device and kernels in use, and those of the checkpoint that was resumed, empty for none. */
    String kernels = "";

    String resumedKernels = "";
    /** The candidates in use, a line for each launch, and those of the checkpoint. */
    String candidates = "";

    String resumedCandidates = "";
    /** Brings the tally up to date. */
    Runnable sync = () -> {};

    /** Whether a fit runs, so that the metrics hold the running epoch. */
    boolean fitting;

    private @Nullable Accumulator accumulator;

    TrainState(Core core, Optimizer optimizer, List<Metric> metrics) {
        this.core = core;
        this.optimizer = optimizer;
        this.metrics = List.copyOf(metrics);
        core.parameters().needGradients();
        this.update = new Update(core.device(), optimizer, core.parameters());
        cursor.rate = optimizer.learningRate();
    }

    /** The sum of gradients; made when it is first needed. */
    Accumulator accumulator() {
        if (accumulator == null) {
            accumulator = new Accumulator(core.device(), core.parameters().gradients());
        }
        return accumulator;
    }

    /** What the metrics know, to be restored after something else has used them. */
    List<State> heldMetrics() {
        List<State> held = new ArrayList<>();
        for (Metric metric : metrics) {
            held.add(new State());
            metric.save(held.get(held.size() - 1));
        }
        return held;
    }

    void restoreMetrics(List<State> held) {
        for (int i = 0; i < held.size(); i++) {
            metrics.get(i).restore(held.get(i));
        }
    }

    @Override
    public void close() {
        update.close();
        if (accumulator != null) {
            accumulator.close();
        }
    }
}
