package dev.clave.internal.cpu;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.internal.CountsRuns;
import dev.clave.internal.Ledger;
import dev.clave.internal.RunCount;
import dev.clave.internal.Storage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/** The CPU in pure Java. */
public final class CpuDevice extends Device implements CountsRuns {
    /** Waking other threads and waiting for them takes some 15 us. */
    private static final double SHORT_NANOS = 40_000;

    private final Ledger ledger = new Ledger(
            "Java CPU", Runtime.getRuntime().maxMemory(), Runtime.getRuntime().maxMemory());
    private final ConcurrentLinkedQueue<Workspace> idle = new ConcurrentLinkedQueue<>();
    private final RunCount runs = new RunCount("Java CPU");
    private final Info info = describe();

    /** A device; it works without a backend that opens it. */
    public CpuDevice() {
        ledger.ownedBy(this, ledger::close);
    }

    /** What such a device is called. */
    public static Info describe() {
        return new Info("cpu", "Java", "Java CPU", System.getProperty("java.vm.version", "unknown"), "java", true, 1);
    }

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

    @Override
    public RunCount runs() {
        return runs;
    }

    /**
     * Runs tasks 0 to {@code tasks - 1} on the common pool and waits for them; short work stays on the calling thread. Which
     * thread takes which task is open, so the cut into tasks must follow from the shape and no two tasks may write the same
     * element.
     *
     * @param nanos what all tasks take one after the other, roughly
     */
    public void forEach(int tasks, double nanos, ObjIntConsumer<Workspace> task) {
        if (tasks <= 1 || isShort(nanos)) {
            for (int i = 0; i < tasks; i++) {
                run(i, task);
            }
            return;
        }
        IntStream.range(0, tasks).parallel().forEach(i -> run(i, task));
    }

    /** Whether {@link #forEach} keeps work of that length on the calling thread: cutting it finer would gain nothing. */
    public static boolean isShort(double nanos) {
        return nanos < SHORT_NANOS;
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
        runs.checkOpen(); // every operator has finished when its call returns
    }

    @Override
    public void close() {
        runs.close();
        ledger.close();
        idle.clear(); // the garbage collector owns the arrays
    }
}
