package dev.clave.internal.cpu;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.internal.Ledger;
import dev.clave.internal.Storage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/** The CPU in pure Java. */
public final class CpuDevice extends Device {
    /** Waking other threads and waiting for them takes some 15 us. */
    private static final double SHORT_NANOS = 40_000;

    private final Ledger ledger = new Ledger(
            "Java CPU", Runtime.getRuntime().maxMemory(), Runtime.getRuntime().maxMemory());
    private final ConcurrentLinkedQueue<Workspace> idle = new ConcurrentLinkedQueue<>();
    private final Info info =
            new Info("cpu", "Java", "Java CPU", System.getProperty("java.vm.version", "unknown"), "java", true, 1);
    private final Object monitor = new Object();
    private int running;
    private boolean closed;

    @Override
    public Info info() {
        return info;
    }

    @Override
    public int viewAlignment() {
        return 1;
    }

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Override
    protected Storage reserve(DType dtype, Shape shape) {
        return CpuStorage.allocate(dtype, shape, ledger);
    }

    /** Begins a run, which {@link #end} ends: a close of the device waits for it. */
    public void begin() {
        synchronized (monitor) {
            checkOpen();
            running++;
        }
    }

    /** Ends a run. */
    public void end() {
        synchronized (monitor) {
            running--;
            monitor.notifyAll();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("device " + name() + " is closed");
        }
    }

    /**
     * Runs tasks 0 to {@code tasks - 1} on the common pool and waits for them; short work stays on the calling thread. Which
     * thread takes which task is open, so the cut into tasks must follow from the shape and no two tasks may write the same
     * element.
     *
     * @param nanos what all tasks take one after the other, roughly
     */
    public void forEach(int tasks, double nanos, ObjIntConsumer<Workspace> task) {
        if (tasks <= 1 || nanos < SHORT_NANOS) {
            for (int i = 0; i < tasks; i++) {
                run(i, task);
            }
            return;
        }
        IntStream.range(0, tasks).parallel().forEach(i -> run(i, task));
    }

    private void run(int index, ObjIntConsumer<Workspace> task) {
        Workspace taken = idle.poll();
        Workspace workspace = taken == null ? new Workspace() : taken;
        try {
            task.accept(workspace, index);
        } finally {
            idle.add(workspace);
        }
    }

    @Override
    public void finish() {
        // Every operator has finished when its call returns.
        synchronized (monitor) {
            checkOpen();
        }
    }

    @Override
    public void close() {
        boolean interrupted = false;
        synchronized (monitor) {
            closed = true;
            while (running > 0) {
                try {
                    monitor.wait();
                } catch (InterruptedException e) {
                    interrupted = true; // a close is not given up half-way
                }
            }
        }
        ledger.close();
        idle.clear(); // the garbage collector owns the arrays
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
