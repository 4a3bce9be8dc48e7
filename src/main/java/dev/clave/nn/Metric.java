package dev.clave.nn;

import dev.clave.nn.callback.State;
import java.util.Map;

/**
 * Judges outputs against labels, batch by batch. All but {@link Accuracy} of the best class need the outputs on the host,
 * which waits for the device after every batch; {@link #inTraining} false spares training that.
 */
public interface Metric {
    /** Forgets everything; called before a pass. */
    void reset();

    /**
     * Takes a batch.
     *
     * @param scores [samples][classes], the network's outputs
     * @param labels [samples]
     */
    void update(float[][] scores, int[] labels);

    /** {@return values by name, of everything since the last reset} */
    Map<String, Double> values();

    /** {@return whether it is also computed while training} */
    default boolean inTraining() {
        return true;
    }

    /**
     * Puts what a run that is resumed in the middle of an epoch needs.
     *
     * @param state where values are kept between runs
     */
    default void save(State state) {}

    /**
     * Takes what {@link #save} put.
     *
     * @param state where values are kept between runs
     */
    default void restore(State state) {}
}
