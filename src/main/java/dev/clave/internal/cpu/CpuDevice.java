package dev.clave.internal.cpu;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.Storage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/** The CPU in pure Java. */
public final class CpuDevice extends Device {
    private final AtomicLong ledger = new AtomicLong();
    private final ConcurrentLinkedQueue<Workspace> idle = new ConcurrentLinkedQueue<>();
    private final Info info =
            new Info("cpu", "Java", "Java CPU", System.getProperty("java.vm.version", "unknown"), "java", true, 1);

    @Override
    public Info info() {
        return info;
    }

    @Override
    public int viewAlignment() {
        return 1;
    }

    @Override
    protected Storage reserve(DType dtype, long bytes) {
        return CpuStorage.allocate(dtype, Math.toIntExact(bytes / dtype.bytes()), ledger);
    }

    /**
     * Runs tasks 0 to {@code tasks - 1} on the common pool and waits for them. Which thread takes which task is open, so
     * the cut into tasks must follow from the shape and no two tasks may write the same element.
     */
    public void forEach(int tasks, ObjIntConsumer<Workspace> task) {
        if (tasks <= 1) {
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
    }

    @Override
    public long liveBytes() {
        return ledger.get();
    }

    @Override
    public void close() {
        idle.clear(); // the garbage collector owns the arrays
    }
}
