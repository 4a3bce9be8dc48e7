package dev.clave.internal.opencl;

import dev.clave.Event;
import dev.clave.internal.Resource;
import dev.clave.internal.Storage;
import java.lang.ref.Reference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A kernel object with its arguments; used by one thread at a time. */
public final class ClKernel implements AutoCloseable {
    private final OpenClDevice device;
    private final String name;
    private final Resource resource;
    private final long maxWorkGroup;
    private @Nullable Storage[] buffers = new Storage[4];

    ClKernel(OpenClDevice device, Resource resource, String name, long maxWorkGroup) {
        this.device = device;
        this.resource = resource;
        this.name = name;
        this.maxWorkGroup = Math.max(1, maxWorkGroup);
        resource.ownedBy(this);
    }

    /** Most work-items that a work-group of this kernel may have; what registers and local memory leave of the device's own. */
    public long maxWorkGroup() {
        return maxWorkGroup;
    }

    /** Binds a buffer; the storage must belong to this kernel's device. */
    public void setBuffer(int index, Storage storage) {
        ClStorage own = ClStorage.of(storage);
        if (own.device() != device) {
            throw new IllegalArgumentException("kernel " + name + ": argument " + index + " lives on another device");
        }
        OpenCl cl = device.cl();
        synchronized (cl) {
            cl.setBuffer(resource.handle(), index, own.buffer());
        }
        if (index >= buffers.length) {
            buffers = Arrays.copyOf(buffers, index + 4);
        }
        buffers[index] = storage;
    }

    /** Sets an int argument. */
    public void setInt(int index, int value) {
        OpenCl cl = device.cl();
        synchronized (cl) {
            cl.setInt(resource.handle(), index, value);
        }
    }

    /** Sets a float argument, or a double one. */
    public void setReal(int index, double value, boolean wide) {
        OpenCl cl = device.cl();
        synchronized (cl) {
            if (wide) {
                cl.setDouble(resource.handle(), index, value);
            } else {
                cl.setFloat(resource.handle(), index, (float) value);
            }
        }
    }

    /**
     * Enqueues; local sizes divide global sizes. A driver holds no buffer for an argument, so buffers closed meanwhile are
     * looked for here.
     */
    public void enqueue(long[] global, long[] local) {
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                checkBuffers();
                cl.enqueue(device.queue(), resource.handle(), global, local);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Enqueues, to begin after events. */
    public void enqueue(long[] global, long[] local, Waits after) {
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                checkBuffers();
                cl.enqueue(device.queue(), resource.handle(), global, local, after.handles(), false);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Enqueues, to begin after events, with an event of its own. */
    public Event signal(long[] global, long[] local, Waits after) {
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                checkBuffers();
                long event = cl.enqueue(device.queue(), resource.handle(), global, local, after.handles(), true);
                return device.begun("event of " + name, event, null);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void checkBuffers() {
        for (Storage buffer : buffers) {
            if (buffer != null) {
                buffer.checkOpen();
            }
        }
    }

    @Override
    public void close() {
        resource.close();
    }
}
