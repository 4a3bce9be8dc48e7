package dev.clave.spi;

import dev.clave.internal.HostArray;
import dev.clave.internal.Resource;
import dev.clave.internal.Storage;
import java.lang.ref.Reference;
import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/** A backend's memory with the checks and the record that every tensor has. */
final class MemoryStorage implements Storage, HostArray {
    private final BackendDevice device;
    private final Memory memory;
    private final int elementBytes;
    private final long bytes;
    private final Resource resource;
    private final @Nullable MemoryStorage parent;

    MemoryStorage(
            BackendDevice device,
            Memory memory,
            int elementBytes,
            long bytes,
            Resource resource,
            @Nullable MemoryStorage parent) {
        this.device = device;
        this.memory = memory;
        this.elementBytes = elementBytes;
        this.bytes = bytes;
        this.resource = resource;
        this.parent = parent;
        resource.ownedBy(this);
    }

    Memory memory() {
        checkOpen();
        return memory;
    }

    @Override
    public void checkOpen() {
        if (parent != null) {
            parent.checkOpen();
        }
        resource.handle();
    }

    @Override
    public Object array() {
        return host().array();
    }

    @Override
    public int offset() {
        return host().offset();
    }

    private HostMemory host() {
        if (memory() instanceof HostMemory host) {
            return host;
        }
        throw new IllegalStateException("device " + device.name() + " says that its memory is a Java array, this is a "
                + memory.getClass().getName());
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Storage view(long firstByte, long count) {
        if (firstByte % device.viewAlignment() != 0) {
            throw new IllegalArgumentException("view at byte " + firstByte + ": device " + device.name()
                    + " needs a multiple of " + device.viewAlignment());
        }
        String what = "view of " + count + " bytes of " + resource.what();
        Memory part = memory().view(firstByte, count);
        return new MemoryStorage(device, part, elementBytes, count, device.record(what, part), this);
    }

    @Override
    public void write(Object array, int first, int count) {
        check(array, first, count);
        device.runs().begin();
        try {
            memory().write(array, first, count);
        } finally {
            device.runs().end();
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void read(Object array, int first, int count) {
        check(array, first, count);
        device.runs().begin();
        try {
            memory().read(array, first, count);
        } finally {
            device.runs().end();
            Reference.reachabilityFence(this);
        }
    }

    private void check(Object array, int first, int count) {
        if (first < 0 || count < 0 || first > Array.getLength(array) - count || (long) count * elementBytes > bytes) {
            throw new IllegalArgumentException("transfer of " + count + " elements from " + first
                    + " leaves the host array of " + Array.getLength(array) + " or the tensor of " + bytes + " bytes");
        }
    }

    @Override
    public void close() {
        resource.close();
    }
}
