package dev.clave.internal.opencl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.clave.internal.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.Buffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Blocking transfers. Direct memory in native order is passed as it is. Passing a Java array itself would need a critical call, and a critical call that
 * blocks stops the garbage collector for everyone. So an array is copied: where device memory is host memory and there
 * is much to copy, straight into the mapped buffer, else through native memory that is used again and again.
 */
final class FfmTransfers {
    /** System property: {@code false} copies through memory of ours even where mapping would do. */
    static final String MAP_PROPERTY = "clave.opencl.map";

    private static final long MAP_READ = 1;
    private static final long MAP_WRITE_INVALIDATE_REGION = 4;
    /** Below this a second command (unmap) costs more than a second copy in the cache. */
    private static final int LEAST_MAPPED_BYTES = 64 << 10;
    /** Largest piece. */
    private static final int STAGING_BYTES = 1 << 20;

    private final FfmCalls calls;
    private final MemorySegment status = Arena.ofAuto().allocate(JAVA_INT);
    private MemorySegment staging = Arena.ofAuto().allocate(4096, 64);
    private boolean mapping;

    FfmTransfers(FfmCalls calls) {
        this.calls = calls;
    }

    /** Whether the device's memory is the host's. */
    void mapping(boolean unified) {
        mapping = unified;
    }

    void write(long queue, long buffer, long at, Object host, long first, long count) {
        long bytes = count * HostMemory.unit(host);
        if (!host.getClass().isArray()) {
            write(queue, buffer, at, part(host, first, count), layout(host));
            return;
        }
        ValueLayout layout = layout(host);
        if (mapping && bytes >= LEAST_MAPPED_BYTES) {
            long address = map(queue, buffer, MAP_WRITE_INVALIDATE_REGION, at, bytes);
            try {
                MemorySegment.copy(host, (int) first, mapped(address, bytes), layout, 0, (int) count);
            } finally {
                unmap(queue, buffer, address);
            }
            return;
        }
        MemorySegment memory = staging(bytes);
        int size = (int) layout.byteSize();
        int piece = STAGING_BYTES / size;
        for (int done = 0; done < count; done += piece) {
            int now = (int) Math.min(piece, count - done);
            MemorySegment.copy(host, (int) first + done, memory, layout, 0, now);
            Status.check(
                    "clEnqueueWriteBuffer",
                    calls.clEnqueueWriteBuffer(queue, buffer, at + (long) done * size, (long) now * size, memory));
        }
    }

    /** Native memory in native order is passed as it is. */
    private void write(long queue, long buffer, long at, MemorySegment host, ValueLayout layout) {
        long bytes = host.byteSize();
        if (host.isNative() && layout.order() == ByteOrder.nativeOrder()) {
            Status.check("clEnqueueWriteBuffer", calls.clEnqueueWriteBuffer(queue, buffer, at, bytes, host));
            return;
        }
        MemorySegment memory = staging(bytes);
        ValueLayout own = layout.withOrder(ByteOrder.nativeOrder());
        for (long done = 0; done < bytes; done += STAGING_BYTES) {
            long now = Math.min(STAGING_BYTES, bytes - done);
            MemorySegment.copy(host, layout, done, memory, own, 0, now / layout.byteSize());
            Status.check("clEnqueueWriteBuffer", calls.clEnqueueWriteBuffer(queue, buffer, at + done, now, memory));
        }
    }

    void read(long queue, long buffer, long at, Object host, long first, long count) {
        long bytes = count * HostMemory.unit(host);
        if (!host.getClass().isArray()) {
            read(queue, buffer, at, part(host, first, count), layout(host));
            return;
        }
        ValueLayout layout = layout(host);
        if (mapping && bytes >= LEAST_MAPPED_BYTES) {
            long address = map(queue, buffer, MAP_READ, at, bytes);
            try {
                MemorySegment.copy(mapped(address, bytes), layout, 0, host, (int) first, (int) count);
            } finally {
                unmap(queue, buffer, address);
            }
            return;
        }
        MemorySegment memory = staging(bytes);
        int size = (int) layout.byteSize();
        int piece = STAGING_BYTES / size;
        for (int done = 0; done < count; done += piece) {
            int now = (int) Math.min(piece, count - done);
            Status.check(
                    "clEnqueueReadBuffer",
                    calls.clEnqueueReadBuffer(queue, buffer, at + (long) done * size, (long) now * size, memory));
            MemorySegment.copy(memory, layout, 0, host, (int) first + done, now);
        }
    }

    private void read(long queue, long buffer, long at, MemorySegment host, ValueLayout layout) {
        long bytes = host.byteSize();
        if (host.isNative() && layout.order() == ByteOrder.nativeOrder()) {
            Status.check("clEnqueueReadBuffer", calls.clEnqueueReadBuffer(queue, buffer, at, bytes, host));
            return;
        }
        MemorySegment memory = staging(bytes);
        ValueLayout own = layout.withOrder(ByteOrder.nativeOrder());
        for (long done = 0; done < bytes; done += STAGING_BYTES) {
            long now = Math.min(STAGING_BYTES, bytes - done);
            Status.check("clEnqueueReadBuffer", calls.clEnqueueReadBuffer(queue, buffer, at + done, now, memory));
            MemorySegment.copy(memory, own, 0, host, layout, done, now / layout.byteSize());
        }
    }

    /** Units of a buffer or segment. A segment of a buffer begins at its position. */
    static MemorySegment part(Object host, long first, long count) {
        int unit = HostMemory.unit(host);
        MemorySegment all;
        long from;
        if (host instanceof Buffer buffer) {
            all = MemorySegment.ofBuffer(buffer);
            from = (first - buffer.position()) * unit;
        } else {
            all = (MemorySegment) host;
            from = first;
        }
        long bytes = count * unit;
        return from == 0 && bytes == all.byteSize() ? all : all.asSlice(from, bytes);
    }

    private long map(long queue, long buffer, long flags, long at, long bytes) {
        long address = calls.clEnqueueMapBuffer(queue, buffer, flags, at, bytes, status);
        Status.check("clEnqueueMapBuffer of " + bytes + " bytes", status.get(JAVA_INT, 0));
        return address;
    }

    /** The queue is in order: what is enqueued later sees what was written. */
    private void unmap(long queue, long buffer, long address) {
        Status.check("clEnqueueUnmapMemObject", calls.clEnqueueUnmapMemObject(queue, buffer, address));
    }

    private static MemorySegment mapped(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /** Grows once, when more than a few scalars are moved. */
    private MemorySegment staging(long bytes) {
        if (staging.byteSize() < Math.min(bytes, STAGING_BYTES)) {
            staging = Arena.ofAuto().allocate(STAGING_BYTES, 64);
        }
        return staging;
    }

    /** Of one unit, in the byte order of the memory; where a byte array is seen as numbers, these need not be aligned. */
    private static ValueLayout layout(Object host) {
        if (host instanceof float[] || host instanceof FloatBuffer) {
            return ordered(JAVA_FLOAT_UNALIGNED, host);
        }
        if (host instanceof double[] || host instanceof DoubleBuffer) {
            return ordered(JAVA_DOUBLE_UNALIGNED, host);
        }
        return host instanceof int[] || host instanceof IntBuffer ? ordered(JAVA_INT_UNALIGNED, host) : JAVA_BYTE;
    }

    private static ValueLayout ordered(ValueLayout layout, Object host) {
        ByteOrder order = HostMemory.order(host);
        return order == layout.order() ? layout : layout.withOrder(order);
    }
}
