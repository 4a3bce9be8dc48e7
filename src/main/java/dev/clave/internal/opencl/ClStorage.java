package dev.clave.internal.opencl;

import dev.clave.Event;
import dev.clave.internal.AsyncStorage;
import dev.clave.internal.HostMemory;
import dev.clave.internal.Resource;
import dev.clave.internal.Storage;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/** An OpenCL buffer, or a part of one. */
public final class ClStorage implements AsyncStorage {
    private final OpenClDevice device;
    private final long bytes;
    private final Resource resource;
    private final @Nullable ClStorage parent;
    /** Where it begins in the memory that is nobody's part. */
    private final long first;
    /** Whether the host made the buffer, which may be a part of another one of the host's. */
    private final boolean adopted;

    ClStorage(OpenClDevice device, Resource resource, long bytes, boolean adopted) {
        this(device, resource, bytes, null, 0, adopted);
    }

    private ClStorage(
            OpenClDevice device,
            Resource resource,
            long bytes,
            @Nullable ClStorage parent,
            long first,
            boolean adopted) {
        this.device = device;
        this.resource = resource;
        this.bytes = bytes;
        this.parent = parent;
        this.first = first;
        this.adopted = adopted;
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
                    device,
                    device.added("view of " + count + " bytes of " + resource.what(), part),
                    count,
                    this,
                    first + firstByte,
                    adopted);
        }
    }

    @Override
    public void write(Object array, int first, int count) {
        write(0, array, first, count);
    }

    @Override
    public void read(Object array, int first, int count) {
        read(0, array, first, count);
    }

    @Override
    public void write(long at, Object host, long first, long count) {
        HostMemory.check(host, first, count, at, bytes);
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                long buffer = buffer();
                if (count > 0) {
                    cl.write(device.queue(), buffer, at, host, first, count);
                }
            }
        } finally {
            Reference.reachabilityFence(host);
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void read(long at, Object host, long first, long count) {
        HostMemory.check(host, first, count, at, bytes);
        OpenCl cl = device.cl();
        try {
            synchronized (cl) {
                long buffer = buffer();
                if (count > 0) {
                    cl.read(device.queue(), buffer, at, host, first, count);
                }
            }
        } finally {
            Reference.reachabilityFence(host);
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public Event writeAsync(long at, Object host, long first, long count, Event... after) {
        HostMemory.check(host, first, count, at, bytes);
        OpenCl cl = device.cl();
        try (Waits waits = Waits.of(device, after)) {
            synchronized (cl) {
                long buffer = buffer();
                long queue = device.queue();
                return device.begun(
                        "event of a write",
                        cl.writeAsync(queue, buffer, at, host, first, count, waits.handles()),
                        host);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public Event readAsync(long at, Object host, long first, long count, Event... after) {
        HostMemory.check(host, first, count, at, bytes);
        OpenCl cl = device.cl();
        try (Waits waits = Waits.of(device, after)) {
            synchronized (cl) {
                long buffer = buffer();
                long queue = device.queue();
                return device.begun(
                        "event of a read", cl.readAsync(queue, buffer, at, host, first, count, waits.handles()), host);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The runtime keeps the memory until enqueued work that uses it is done. */
    @Override
    public void close() {
        resource.close();
    }

    /** The whole of another storage: a view that owns nothing. */
    private static final class Whole implements AsyncStorage {
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

        @Override
        public void write(long at, Object host, long first, long count) {
            open().write(at, host, first, count);
        }

        @Override
        public void read(long at, Object host, long first, long count) {
            open().read(at, host, first, count);
        }

        @Override
        public Event writeAsync(long at, Object host, long first, long count, Event... after) {
            return open().writeAsync(at, host, first, count, after);
        }

        @Override
        public Event readAsync(long at, Object host, long first, long count, Event... after) {
            return open().readAsync(at, host, first, count, after);
        }

        /** The parent owns the memory. */
        @Override
        public void close() {
            closed = true;
        }
    }

    private ClStorage root() {
        ClStorage root = this;
        while (root.parent != null) {
            root = root.parent;
        }
        return root;
    }

    /** Whether two share a byte, as far as can be known: of what the host made, any may. */
    public static boolean mayOverlap(Storage one, Storage other) {
        ClStorage a = of(one);
        ClStorage b = of(other);
        if (a.root() != b.root()) {
            return a.adopted && b.adopted;
        }
        return a.first < b.first + b.bytes && b.first < a.first + a.bytes;
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
