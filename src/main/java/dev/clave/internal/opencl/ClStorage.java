package dev.clave.internal.opencl;

import dev.clave.internal.Storage;
import java.lang.reflect.Array;

/** An OpenCL buffer, or a part of one. */
public final class ClStorage implements Storage {
    private final OpenClDevice device;
    private final long bytes;
    private final boolean counted;
    private final Runnable release = this::close;
    private long buffer;

    ClStorage(OpenClDevice device, long buffer, long bytes, boolean counted) {
        this.device = device;
        this.buffer = buffer;
        this.bytes = bytes;
        this.counted = counted;
        device.own(release);
    }

    long buffer() {
        if (buffer == 0) {
            throw new IllegalStateException("tensor is closed");
        }
        return buffer;
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
        return new ClStorage(
                device, device.cl().createSubBuffer(buffer(), firstByte, Math.max(count, 4)), count, false);
    }

    @Override
    public void write(Object array, int first, int count) {
        check(array, first, count);
        if (count > 0) {
            device.cl().write(device.queue(), buffer(), array, first, count);
        }
    }

    @Override
    public void read(Object array, int first, int count) {
        check(array, first, count);
        if (count > 0) {
            device.cl().read(device.queue(), buffer(), array, first, count);
        }
    }

    private void check(Object array, int first, int count) {
        int size = HostArrays.elementBytes(array);
        device.checkOpen();
        if (first < 0 || count < 0 || first > Array.getLength(array) - count || (long) count * size > bytes) {
            throw new IllegalArgumentException("transfer of " + count + " elements from " + first
                    + " leaves the host array of " + Array.getLength(array) + " or the tensor of " + bytes + " bytes");
        }
    }

    @Override
    public void close() {
        long held = buffer;
        if (held == 0) {
            return;
        }
        buffer = 0;
        device.disown(release);
        // The runtime keeps the memory until enqueued work that uses it is done.
        device.cl().releaseBuffer(held);
        if (counted) {
            device.released(bytes);
        }
    }

    /** The whole of another storage: a view that owns nothing. */
    record Whole(ClStorage parent) implements Storage {
        @Override
        public long bytes() {
            return parent.bytes();
        }

        @Override
        public Storage view(long firstByte, long count) {
            return parent.view(firstByte, count);
        }

        @Override
        public void write(Object array, int first, int count) {
            parent.write(array, first, count);
        }

        @Override
        public void read(Object array, int first, int count) {
            parent.read(array, first, count);
        }

        @Override
        public void close() {
            // The parent owns the memory.
        }
    }

    static ClStorage of(Storage storage) {
        if (storage instanceof Whole whole) {
            return whole.parent();
        }
        if (storage instanceof ClStorage own) {
            return own;
        }
        throw new IllegalArgumentException("tensor does not live on an OpenCL device");
    }
}
