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

    /** All there is: an address is an offset into it, and no segment need be made for each. */
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ByteOrder OTHER_ORDER =
            ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;

    private static final ValueLayout SWAPPED_FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(OTHER_ORDER);
    private static final ValueLayout SWAPPED_DOUBLE = JAVA_DOUBLE_UNALIGNED.withOrder(OTHER_ORDER);
    private static final ValueLayout SWAPPED_INT = JAVA_INT_UNALIGNED.withOrder(OTHER_ORDER);
    private static final long MAP_READ = 1;
    private static final long MAP_WRITE_INVALIDATE_REGION = 4;
    /** Below this a second command (unmap) costs more than a second copy in the cache. */
    private static final int LEAST_MAPPED_BYTES = 64 << 10;
    /** Largest piece. */
    private static final int STAGING_BYTES = 1 << 20;

    private final FfmCalls calls;
    private final RecentBuffers<MemorySegment> buffers = new RecentBuffers<>(MemorySegment::ofBuffer);
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
            writeMemory(queue, buffer, at, host, part(host, first, count));
            return;
        }
        ValueLayout layout = layout(host);
        if (mapping && bytes >= LEAST_MAPPED_BYTES) {
            long address = map(queue, buffer, MAP_WRITE_INVALIDATE_REGION, at, bytes);
            try {
                MemorySegment.copy(host, (int) first, MEMORY, layout, address, (int) count);
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
    private void writeMemory(long queue, long buffer, long at, Object named, MemorySegment host) {
        long bytes = host.byteSize();
        ValueLayout own = layout(named);
        ValueLayout layout = ordered(named, own);
        if (host.isNative() && layout == own) {
            Status.check("clEnqueueWriteBuffer", calls.clEnqueueWriteBuffer(queue, buffer, at, bytes, host));
            return;
        }
        MemorySegment memory = staging(bytes);
        for (long done = 0; done < bytes; done += STAGING_BYTES) {
            long now = Math.min(STAGING_BYTES, bytes - done);
            MemorySegment.copy(host, layout, done, memory, own, 0, now / layout.byteSize());
            Status.check("clEnqueueWriteBuffer", calls.clEnqueueWriteBuffer(queue, buffer, at + done, now, memory));
        }
    }

    void read(long queue, long buffer, long at, Object host, long first, long count) {
        long bytes = count * HostMemory.unit(host);
        if (!host.getClass().isArray()) {
            readMemory(queue, buffer, at, host, part(host, first, count));
            return;
        }
        ValueLayout layout = layout(host);
        if (mapping && bytes >= LEAST_MAPPED_BYTES) {
            long address = map(queue, buffer, MAP_READ, at, bytes);
            try {
                MemorySegment.copy(MEMORY, layout, address, host, (int) first, (int) count);
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

    private void readMemory(long queue, long buffer, long at, Object named, MemorySegment host) {
        long bytes = host.byteSize();
        ValueLayout own = layout(named);
        ValueLayout layout = ordered(named, own);
        if (host.isNative() && layout == own) {
            Status.check("clEnqueueReadBuffer", calls.clEnqueueReadBuffer(queue, buffer, at, bytes, host));
            return;
        }
        MemorySegment memory = staging(bytes);
        for (long done = 0; done < bytes; done += STAGING_BYTES) {
            long now = Math.min(STAGING_BYTES, bytes - done);
            Status.check("clEnqueueReadBuffer", calls.clEnqueueReadBuffer(queue, buffer, at + done, now, memory));
            MemorySegment.copy(memory, own, 0, host, layout, done, now / layout.byteSize());
        }
    }

    /** Units of a buffer or segment. A segment of a buffer begins at its position. */
    MemorySegment part(Object host, long first, long count) {
        int unit = HostMemory.unit(host);
        MemorySegment all;
        long from;
        if (host instanceof Buffer buffer) {
            all = buffers.get(buffer);
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
        int failed = status.get(JAVA_INT, 0);
        if (failed != Status.SUCCESS) {
            throw Status.failed("clEnqueueMapBuffer of " + bytes + " bytes", failed);
        }
        return address;
    }

    /** The queue is in order: what is enqueued later sees what was written. */
    private void unmap(long queue, long buffer, long address) {
        Status.check("clEnqueueUnmapMemObject", calls.clEnqueueUnmapMemObject(queue, buffer, address));
    }

    /** Grows once, when more than a few scalars are moved. */
    private MemorySegment staging(long bytes) {
        if (staging.byteSize() < Math.min(bytes, STAGING_BYTES)) {
            staging = Arena.ofAuto().allocate(STAGING_BYTES, 64);
        }
        return staging;
    }

    /** Of one unit in native order; where a byte array is seen as numbers, these need not be aligned. */
    private static ValueLayout layout(Object host) {
        if (host instanceof float[] || host instanceof FloatBuffer) {
            return JAVA_FLOAT_UNALIGNED;
        }
        if (host instanceof double[] || host instanceof DoubleBuffer) {
            return JAVA_DOUBLE_UNALIGNED;
        }
        return host instanceof int[] || host instanceof IntBuffer ? JAVA_INT_UNALIGNED : JAVA_BYTE;
    }

    /** Of one unit in the byte order of the memory. */
    private static ValueLayout ordered(Object host, ValueLayout layout) {
        if (HostMemory.order(host) == ByteOrder.nativeOrder()) {
            return layout;
        }
        return layout == JAVA_FLOAT_UNALIGNED
                ? SWAPPED_FLOAT
                : layout == JAVA_INT_UNALIGNED ? SWAPPED_INT : SWAPPED_DOUBLE;
    }
}
