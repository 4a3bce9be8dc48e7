package dev.clave.nn.callback;

/**
 * Ends training when the loss is no longer a finite number. It looks every so many batches, because a look waits for the
 * device.
 */
public final class StopOnNaN implements Callback {
    private final int every;
    private long stoppedStep = -1;

    /** Looks every 32 batches and at the end of an epoch. */
    public StopOnNaN() {
        this(32);
    }

    /**
     * Looks every so many batches and at the end of an epoch.
     *
     * @param every batches between two looks
     */
    public StopOnNaN(int every) {
        if (every < 1) {
            throw new IllegalArgumentException("stop on NaN: every is at least 1, got " + every);
        }
        this.every = every;
    }

    /** {@return training batches done when it stopped; -1 when it did not} */
    public long stoppedStep() {
        return stoppedStep;
    }

    @Override
    public void batchEnd(Context context) {
        boolean looks = context.step() % every == 0 || context.step() == context.steps();
        if (context.phase() == Context.Phase.TRAIN
                && looks
                && !Double.isFinite(context.values().getOrDefault("loss", 0.0))) {
            stoppedStep = context.totalSteps();
            context.stop();
        }
    }
}
