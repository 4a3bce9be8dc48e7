package dev.clave.internal.opencl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Blocking transfers of Java arrays. Passing the array itself would need a critical call, and a critical call that
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

    void write(long queue, long buffer, Object array, int first, int count) {
        long bytes = (long) count * HostArrays.elementBytes(array);
        ValueLayout layout = layout(array);
        if (mapping && bytes >= LEAST_MAPPED_BYTES) {
            long address = map(queue, buffer, MAP_WRITE_INVALIDATE_REGION, bytes);
            try {
                MemorySegment.copy(array, first, mapped(address, bytes), layout, 0, count);
            } finally {
                unmap(queue, buffer, address);
            }
            return;
        }
        MemorySegment host = staging(bytes);
        int size = (int) layout.byteSize();
        int piece = STAGING_BYTES / size;
        for (int done = 0; done < count; done += piece) {
            int now = Math.min(piece, count - done);
            MemorySegment.copy(array, first + done, host, layout, 0, now);
            Status.check(
                    "clEnqueueWriteBuffer",
                    calls.clEnqueueWriteBuffer(queue, buffer, (long) done * size, (long) now * size, host));
        }
    }

    void read(long queue, long buffer, Object array, int first, int count) {
        long bytes = (long) count * HostArrays.elementBytes(array);
        ValueLayout layout = layout(array);
        if (mapping && bytes >= LEAST_MAPPED_BYTES) {
            long address = map(queue, buffer, MAP_READ, bytes);
            try {
                MemorySegment.copy(mapped(address, bytes), layout, 0, array, first, count);
            } finally {
                unmap(queue, buffer, address);
            }
            return;
        }
        MemorySegment host = staging(bytes);
        int size = (int) layout.byteSize();
        int piece = STAGING_BYTES / size;
        for (int done = 0; done < count; done += piece) {
            int now = Math.min(piece, count - done);
            Status.check(
                    "clEnqueueReadBuffer",
                    calls.clEnqueueReadBuffer(queue, buffer, (long) done * size, (long) now * size, host));
            MemorySegment.copy(host, layout, 0, array, first + done, now);
        }
    }

    private long map(long queue, long buffer, long flags, long bytes) {
        long address = calls.clEnqueueMapBuffer(queue, buffer, flags, bytes, status);
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

    private static ValueLayout layout(Object array) {
        if (array instanceof float[]) {
            return JAVA_FLOAT;
        }
        if (array instanceof double[]) {
            return JAVA_DOUBLE;
        }
        return array instanceof int[] ? JAVA_INT : JAVA_BYTE;
    }
}
