package dev.clave.internal.cpu;

import dev.clave.DType;
import dev.clave.Shape;
import dev.clave.internal.HostArray;
import dev.clave.internal.HostMemory;
import dev.clave.internal.Ledger;
import dev.clave.internal.Resource;
import dev.clave.internal.Storage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A Java array, or a part of one. */
public final class CpuStorage implements Storage, HostArray {
    private final DType dtype;
    private final int offset;
    private final int length;
    private final Resource resource;
    private final @Nullable CpuStorage parent;
    /** Of the whole memory: its views share it. */
    private final AtomicLong writes;

    private volatile @Nullable Object array;

    private CpuStorage(
            DType dtype, Object array, int offset, int length, Resource resource, @Nullable CpuStorage parent) {
        this.dtype = dtype;
        this.array = array;
        this.offset = offset;
        this.length = length;
        this.resource = resource;
        this.parent = parent;
        this.writes = parent == null ? new AtomicLong() : parent.writes;
    }

    static CpuStorage allocate(DType dtype, Shape shape, Ledger ledger) {
        int length = shape.elements();
        long bytes = (long) length * dtype.bytes();
        String what = "tensor " + dtype + shape;
        Resource resource = ledger.claim(what, bytes);
        Object array;
        try {
            array = dev.clave.spi.HostMemory.allocate(dtype, length).array();
        } catch (OutOfMemoryError e) {
            resource.close();
            throw ledger.outOfMemory(
                    what, bytes, ledger.liveBytes(), "; the Java heap is full (" + e.getMessage() + "), see -Xmx");
        }
        CpuStorage storage = new CpuStorage(dtype, array, 0, length, resource.open(1, handle -> {}), null);
        resource.ownedBy(storage);
        return storage;
    }

    @Override
    public Object array() {
        Object held = array;
        if (held == null) {
            throw new IllegalStateException((parent == null ? "" : "a view of ") + resource.what() + " is closed");
        }
        resource.handle();
        return held;
    }

    @Override
    public void checkOpen() {
        array();
    }

    @Override
    public int offset() {
        return offset;
    }

    /** How often the memory was written, by {@link #write} and by those who said {@link #written}. */
    public long writes() {
        return writes.get();
    }

    /** Says that the array was written. */
    public void written() {
        writes.incrementAndGet();
    }

    /** Number of elements. */
    public int length() {
        return length;
    }

    @Override
    public long bytes() {
        return (long) length * dtype.bytes();
    }

    @Override
    public Storage view(long firstByte, long bytes) {
        return new CpuStorage(
                dtype,
                array(),
                Math.toIntExact(offset + firstByte / dtype.bytes()),
                Math.toIntExact(bytes / dtype.bytes()),
                resource,
                this);
    }

    @Override
    public void write(Object source, int first, int count) {
        write(0, source, first, count);
    }

    @Override
    public void read(Object target, int first, int count) {
        read(0, target, first, count);
    }

    @Override
    public void write(long at, Object host, long first, long count) {
        HostMemory.check(host, first, count, at, bytes());
        try {
            HostMemory.copy(host, first, array(), element(at), elements(host, count));
        } finally {
            written();
        }
    }

    @Override
    public void read(long at, Object host, long first, long count) {
        HostMemory.check(host, first, count, at, bytes());
        HostMemory.copyBack(array(), element(at), host, first, elements(host, count));
    }

    private int element(long at) {
        return offset + (int) (at / dtype.bytes());
    }

    private int elements(Object host, long count) {
        return (int) (count * HostMemory.unit(host) / dtype.bytes());
    }

    @Override
    public void close() {
        if (parent == null) {
            resource.close();
        }
        array = null;
    }
}
