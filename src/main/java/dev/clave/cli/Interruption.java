package dev.clave.cli;

import dev.clave.nn.Model;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Makes Ctrl-C end a training after its current step, and keeps the process alive until the rest is done. */
final class Interruption implements AutoCloseable {
    private static final long MOST_SECONDS = 60;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook;

    Interruption(Model model) {
        this.hook = new Thread(() -> {
            model.interrupt();
            try {
                if (!done.await(MOST_SECONDS, TimeUnit.SECONDS)) {
                    System.err.println("clave: the step does not end, nothing was saved");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** From now on. */
    void arm() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Everything is saved and said. */
    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending already, which is what the hook was for.
            return;
        }
    }
}
