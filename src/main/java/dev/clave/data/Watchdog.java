package dev.clave.data;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Closes a stream on which nothing arrives, so that its reader fails instead of waiting for ever. */
final class Watchdog implements AutoCloseable {
    private final Thread thread;
    private volatile long last = System.nanoTime();
    private volatile boolean barked;

    /** Watches until closed. */
    Watchdog(InputStream in, Duration stall) {
        thread = new Thread(() -> {
            try {
                for (long left = stall.toNanos(); left > 0; left = stall.toNanos() - (System.nanoTime() - last)) {
                    TimeUnit.NANOSECONDS.sleep(left);
                }
                barked = true;
                in.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                // Closing is all there was to do; the reader reports its own failure.
                return;
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Something arrived. */
    void alive() {
        last = System.nanoTime();
    }

    /** Whether the stream was closed for its silence. */
    boolean barked() {
        return barked;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
