package dev.clave.internal.cpu;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.Storage;
import java.util.concurrent.atomic.AtomicLong;

/** The CPU in pure Java. */
public final class CpuDevice extends Device {
    private final AtomicLong ledger = new AtomicLong();
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
        // The garbage collector owns the arrays.
    }
}
