package dev.clave.nn.callback;

import java.util.ArrayList;
import java.util.List;

/** Remembers the learning rate of every training batch. */
public final class LearningRateLog implements Callback {
    private final List<Double> rates = new ArrayList<>();

    /** Nothing seen yet. */
    public LearningRateLog() {}

    /** {@return one per training batch, in order} */
    public List<Double> rates() {
        return List.copyOf(rates);
    }

    @Override
    public void batchEnd(Context context) {
        if (context.phase() == Context.Phase.TRAIN) {
            rates.add(context.learningRate());
        }
    }
}
