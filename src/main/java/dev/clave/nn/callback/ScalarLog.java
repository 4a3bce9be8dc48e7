package dev.clave.nn.callback;

import java.util.Locale;
import java.util.Map;

/**
 * Gives named numbers with their step to somebody who keeps them, such as a writer of event files: {@code train/loss},
 * {@code train/acc} and {@code train/learningRate} every so many batches, {@code eval/loss} and so on after each epoch.
 */
public final class ScalarLog implements Callback {
    /** Takes numbers. */
    @FunctionalInterface
    public interface Sink {
        /**
         * A number of a tag at a step, counted in training batches over the life of the model.
         *
         * @param tag what the value is called
         * @param value the value
         * @param step number of the batch
         */
        void scalar(String tag, double value, long step);
    }

    private final Sink sink;
    private final int every;

    /**
     * Every so many batches; a look waits for the device.
     *
     * @param sink takes the values
     * @param every batches between two values
     */
    public ScalarLog(Sink sink, int every) {
        if (every < 1) {
            throw new IllegalArgumentException("scalar log: every is at least 1, got " + every);
        }
        this.sink = sink;
        this.every = every;
    }

    @Override
    public void batchEnd(Context context) {
        if (context.phase() == Context.Phase.TRAIN && context.step() % every == 0) {
            context.values().forEach((name, value) -> sink.scalar("train/" + name, value, context.totalSteps()));
            sink.scalar("train/learningRate", context.learningRate(), context.totalSteps());
        }
    }

    @Override
    public void epochEnd(Context context) {
        for (Map.Entry<String, Double> entry : context.logs().entrySet()) {
            String name = entry.getKey();
            if (name.startsWith("eval")) {
                String tag = name.substring(4, 5).toLowerCase(Locale.ROOT) + name.substring(5);
                sink.scalar("eval/" + tag, entry.getValue(), context.totalSteps());
            }
        }
    }
}
