package dev.clave.nn;

import java.util.function.LongSupplier;

/**
 * Counts steps that only enqueue, and drains the queue now and then: bounds what is in flight, and lets a progress display
 * tell the truth. A drained device idles until the next steps arrive, so that quick steps are drained less often.
 */
final class Pace {
    /** Steps between two drainings, at first and at least. */
    static final int LEAST = 32;

    private static final int MOST = 256;
    /** Between two drainings, for people who look on. */
    private static final long ENOUGH_NANOS = 100_000_000;

    private final Runnable drain;
    private final LongSupplier nanos;
    private int burst = LEAST;
    private int steps;
    private long begin;

    /**
     * Drains by this.
     *
     * @param nanos the time
     */
    Pace(Runnable drain, LongSupplier nanos) {
        this.drain = drain;
        this.nanos = nanos;
        this.begin = nanos.getAsLong();
    }

    /** The step that follows one, which was enqueued. */
    int after(int step) {
        if (++steps >= burst) {
            drain.run();
            long now = nanos.getAsLong();
            boolean quick = now - begin < ENOUGH_NANOS;
            burst = Math.max(LEAST, Math.min(MOST, quick ? 2 * burst : burst / 2));
            begin = now;
            steps = 0;
        }
        return step + 1;
    }
}
