package dev.clave.nn.callback;

/**
 * Told what happens during fit, evaluate and predict, on the thread that runs it. Training only enqueues work: a callback that
 * asks {@link Context#logs} after every batch waits for the device every time.
 */
public interface Callback {
    /**
     * Before the first epoch.
     *
     * @param context the run that asks
     */
    default void trainBegin(Context context) {}

    /**
     * After the last epoch, also when the run was stopped or interrupted.
     *
     * @param context the run that asks
     */
    default void trainEnd(Context context) {}

    /**
     * Before the first batch of an epoch; not when an epoch is resumed in its middle.
     *
     * @param context the run that asks
     */
    default void epochBegin(Context context) {}

    /**
     * After the last batch of an epoch and after its evaluation, if it has one.
     *
     * @param context the run that asks
     */
    default void epochEnd(Context context) {}

    /**
     * Before a batch of any phase.
     *
     * @param context the run that asks
     */
    default void batchBegin(Context context) {}

    /**
     * After a batch of any phase was enqueued.
     *
     * @param context the run that asks
     */
    default void batchEnd(Context context) {}

    /**
     * Before an evaluation.
     *
     * @param context the run that asks
     */
    default void evaluateBegin(Context context) {}

    /**
     * After an evaluation; {@link Context#logs} holds its values.
     *
     * @param context the run that asks
     */
    default void evaluateEnd(Context context) {}

    /**
     * Before a prediction.
     *
     * @param context the run that asks
     */
    default void predictBegin(Context context) {}

    /**
     * After a prediction.
     *
     * @param context the run that asks
     */
    default void predictEnd(Context context) {}

    /** {@return name of this callback's state in checkpoints; two callbacks of one fit with state need two names} */
    default String name() {
        return getClass().getSimpleName();
    }

    /**
     * Puts what a resumed run needs.
     *
     * @param state where values are kept between runs
     */
    default void save(State state) {}

    /**
     * Takes what {@link #save} put, before {@link #trainBegin}.
     *
     * @param state where values are kept between runs
     */
    default void restore(State state) {}
}
