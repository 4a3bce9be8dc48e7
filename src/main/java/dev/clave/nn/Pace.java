package dev.clave.nn;

/**
 * Counts steps that only enqueue, and drains the queue now and then: bounds what is in flight, and lets a progress display
 * tell the truth.
 */
final class Pace {
    /** Steps between two drainings. */
    static final int BURST = 32;

    private final Runnable drain;

    /** Drains by this. */
    Pace(Runnable drain) {
        this.drain = drain;
    }

    /** The step that follows one, which was enqueued. */
    int after(int step) {
        if (step % BURST == BURST - 1) {
            drain.run();
        }
        return step + 1;
    }
}
