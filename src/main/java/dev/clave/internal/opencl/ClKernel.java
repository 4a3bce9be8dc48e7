package dev.clave.internal.opencl;

import dev.clave.internal.Storage;

/** A kernel object with its arguments; used by one thread at a time. */
public final class ClKernel implements AutoCloseable {
    private final OpenClDevice device;
    private final String name;
    private final Runnable release = this::close;
    private long kernel;

    ClKernel(OpenClDevice device, long kernel, String name) {
        this.device = device;
        this.kernel = kernel;
        this.name = name;
        device.own(release);
    }

    private long kernel() {
        if (kernel == 0) {
            throw new IllegalStateException("kernel " + name + " is closed");
        }
        return kernel;
    }

    /** Binds a buffer; the storage must belong to this kernel's device. */
    public void setBuffer(int index, Storage storage) {
        ClStorage own = ClStorage.of(storage);
        if (own.device() != device) {
            throw new IllegalArgumentException("kernel " + name + ": argument " + index + " lives on another device");
        }
        device.cl().setBuffer(kernel(), index, own.buffer());
    }

    /** Sets an int argument. */
    public void setInt(int index, int value) {
        device.cl().setInt(kernel(), index, value);
    }

    /** Sets a float argument, or a double one. */
    public void setReal(int index, double value, boolean wide) {
        if (wide) {
            device.cl().setDouble(kernel(), index, value);
        } else {
            device.cl().setFloat(kernel(), index, (float) value);
        }
    }

    /** Enqueues; local sizes divide global sizes. */
    public void enqueue(long[] global, long[] local) {
        device.cl().enqueue(device.queue(), kernel(), global, local);
    }

    @Override
    public void close() {
        long held = kernel;
        if (held != 0) {
            kernel = 0;
            device.disown(release);
            device.cl().releaseKernel(held);
        }
    }
}
