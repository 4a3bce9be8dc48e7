package dev.clave.internal;

/** The runs of a device that a close has to wait for. Thread-safe. */
public final class RunCount {
    private final String device;
    private int running;
    private boolean closed;

    /** Of a device that is open. */
    public RunCount(String device) {
        this.device = device;
    }

    /** Begins a run, which {@link #end} ends: a close of the device waits for it. */
    public synchronized void begin() {
        checkOpen();
        running++;
    }

    /** Ends a run. */
    public synchronized void end() {
        running--;
        notifyAll();
    }

    /** Refuses once the device is closed. */
    public synchronized void checkOpen() {
        if (closed) {
            throw new IllegalStateException("device " + device + " is closed");
        }
    }

    /** Lets no run begin any more and waits for those that run; false when it was closed already. */
    public synchronized boolean close() {
        boolean first = !closed;
        closed = true;
        boolean interrupted = false;
        while (running > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true; // a close is not given up half-way
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return first;
    }
}
