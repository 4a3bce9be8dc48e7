package dev.clave.internal.opencl;

import dev.clave.internal.Resource;
import dev.clave.internal.Storage;
import java.lang.ref.Reference;
import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/** An OpenCL buffer, or a part of one. */
public final class ClStorage implements Storage {
    private final OpenClDevice device;
    private final long bytes;
    private final Resource resource;
    private final @Nullable ClStorage parent;

    ClStorage(OpenClDevice device, Resource resource, long bytes, @Nullable ClStorage parent) {
        this.device = device;
        this.resource = resource;
        this.bytes = bytes;
        this.parent = parent;
        resource.ownedBy(this);
    }

    long buffer() {
        if (parent != null) {
            parent.checkOpen();
        }
        return resource.handle();
    }

    @Override
    public void checkOpen() {
        buffer();
    }

    /** The device that owns the buffer. */
    public OpenClDevice device() {
        return device;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Storage view(long firstByte, long count) {
        if (firstByte == 0 && count == bytes) {
            return new Whole(this);
        }
        if (firstByte % device.viewAlignment() != 0) {
            throw new IllegalArgumentException("view at byte " + firstByte + ": device " + device.name()
                    + " needs a multiple of " + device.viewAlignment());
        }
        OpenCl cl = device.cl();
        // The monitor: nobody may close the parent between its handle and its use.
        synchronized (cl) {
            long part = cl.createSubBuffer(buffer(), firstByte, Math.max(count, 4));
            return new ClStorage(
                    device, device.added("view of " + count + " bytes of " + resource.what(), part), count, this);
        }
    }

    @Override
    public void write(Object array, int first, int count) {
        check(array, first, count);
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                long buffer = buffer();
                if (count > 0) {
                    cl.write(device.queue(), buffer, array, first, count);
                }
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void read(Object array, int first, int count) {
        check(array, first, count);
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                long buffer = buffer();
                if (count > 0) {
                    cl.read(device.queue(), buffer, array, first, count);
                }
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void check(Object array, int first, int count) {
        int size = HostArrays.elementBytes(array);
        if (first < 0 || count < 0 || first > Array.getLength(array) - count || (long) count * size > bytes) {
            throw new IllegalArgumentException("transfer of " + count + " elements from " + first
                    + " leaves the host array of " + Array.getLength(array) + " or the tensor of " + bytes + " bytes");
        }
    }

    /** The runtime keeps the memory until enqueued work that uses it is done. */
    @Override
    public void close() {
        resource.close();
    }

    /** The whole of another storage: a view that owns nothing. */
    private static final class Whole implements Storage {
        private final ClStorage parent;
        private volatile boolean closed;

        Whole(ClStorage parent) {
            this.parent = parent;
        }

        ClStorage open() {
            if (closed) {
                throw new IllegalStateException("a view of " + parent.resource.what() + " is closed");
            }
            return parent;
        }

        @Override
        public long bytes() {
            return parent.bytes();
        }

        @Override
        public void checkOpen() {
            open().checkOpen();
        }

        @Override
        public Storage view(long firstByte, long count) {
            return open().view(firstByte, count);
        }

        @Override
        public void write(Object array, int first, int count) {
            open().write(array, first, count);
        }

        @Override
        public void read(Object array, int first, int count) {
            open().read(array, first, count);
        }

        /** The parent owns the memory. */
        @Override
        public void close() {
            closed = true;
        }
    }

    static ClStorage of(Storage storage) {
        if (storage instanceof Whole whole) {
            return whole.open();
        }
        if (storage instanceof ClStorage own) {
            return own;
        }
        throw new IllegalArgumentException("tensor does not live on an OpenCL device");
    }
}
