package dev.clave.spi;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.internal.CountsRuns;
import dev.clave.internal.Ledger;
import dev.clave.internal.Resource;
import dev.clave.internal.RunCount;
import dev.clave.internal.Storage;
import java.lang.ref.Reference;
import java.util.function.LongConsumer;

/**
 * A device of a {@link Backend} of somebody else. It hands out memory and waits for its work; limit, ledger, reports of leaks
 * and the rules of closing are the library's. Threads may share it, so {@link #reserve(DType, int)} and {@link #waitForWork}
 * are thread-safe.
 */
public abstract class BackendDevice extends Device implements CountsRuns {
    private final Info info;
    private final Ledger ledger;
    private final RunCount runs;
    private final Runnable release;

    /**
     * A device that is open.
     *
     * @param backend who opens it
     * @param info its kind is the backend's name
     * @param memoryBytes the device's memory; tensors may take {@link #memoryLimit} of it
     * @param maxAllocationBytes largest single tensor
     * @param release frees what the device itself holds; called once, after all its tensors were freed, by {@link #close} or,
     *     when its user forgot that, after it was garbage-collected: it must not hold the device
     */
    @SuppressWarnings("this-escape") // nothing is asked of it before it is collected
    protected BackendDevice(Backend backend, Info info, long memoryBytes, long maxAllocationBytes, Runnable release) {
        super(backend);
        if (!info.kind().equals(backend.name())) {
            throw new IllegalArgumentException("device " + info.name() + " is of kind '" + info.kind()
                    + "', expected the name of its backend, '" + backend.name() + "'");
        }
        this.info = info;
        this.release = release;
        this.runs = new RunCount(info.name());
        this.ledger = new Ledger(info.name(), memoryBytes, maxAllocationBytes);
        ledger.ownedBy(this, closing(ledger, release));
    }

    private static Runnable closing(Ledger ledger, Runnable release) {
        return () -> {
            ledger.close();
            release.run();
        };
    }

    /**
     * {@return memory with any values}
     *
     * @param dtype type of the elements
     * @param elements how many, at least 0
     * @throws dev.clave.DeviceOutOfMemoryException when there is not enough
     */
    protected abstract Memory reserve(DType dtype, int elements);

    /** Returns when all enqueued work is done; by default there is none, since every run has finished when it returns. */
    protected void waitForWork() {
        // Runs do not outlast their call.
    }

    /**
     * {@return whether every memory is a {@link HostMemory}} The library's plain Java twins, which are slow, then compute what
     * the backend has no candidate for.
     */
    public boolean hostVisible() {
        return false;
    }

    @Override
    public final Info info() {
        return info;
    }

    @Override
    public int viewAlignment() {
        return 1;
    }

    @Override
    public final Ledger ledger() {
        return ledger;
    }

    /** For the library: what runs now. */
    @Override
    public final RunCount runs() {
        return runs;
    }

    @Override
    protected final Storage reserve(DType dtype, Shape shape) {
        int elements = shape.elements();
        long bytes = (long) elements * dtype.bytes();
        Resource resource = ledger.claim("tensor " + dtype + shape, bytes);
        try {
            Memory memory = reserve(dtype, elements);
            return new MemoryStorage(this, memory, dtype.bytes(), bytes, resource.open(1, freeing(memory)), null);
        } catch (RuntimeException | Error e) {
            resource.close();
            throw e;
        }
    }

    private static LongConsumer freeing(Memory memory) {
        return handle -> memory.close();
    }

    /** The record of a view. */
    final Resource record(String what, Memory part) {
        try {
            return ledger.add(what, true).open(1, freeing(part));
        } catch (RuntimeException e) {
            part.close();
            throw e;
        }
    }

    @Override
    public final void finish() {
        runs.begin();
        try {
            waitForWork();
        } finally {
            runs.end();
        }
    }

    @Override
    public final void close() {
        if (!runs.close()) {
            return;
        }
        try {
            waitForWork();
        } finally {
            closing(ledger, release).run();
            Reference.reachabilityFence(this);
        }
    }
}
