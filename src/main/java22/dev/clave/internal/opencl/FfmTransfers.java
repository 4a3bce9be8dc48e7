package dev.clave.internal.opencl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Blocking transfers of Java arrays through native memory that is used again and again. Passing the array itself would
 * need a critical call, and a critical call that blocks stops the garbage collector for everyone.
 */
final class FfmTransfers {
    /** Largest piece; it stays in the second-level cache, and few pieces make few waits. */
    static final int STAGING_BYTES = 1 << 20;

    private final FfmCalls calls;
    private @Nullable MemorySegment staging;

    FfmTransfers(FfmCalls calls) {
        this.calls = calls;
    }

    /** Grows to the largest piece when one is needed. */
    private MemorySegment staging(long bytes) {
        MemorySegment held = staging;
        if (held == null || held.byteSize() < Math.min(bytes, STAGING_BYTES)) {
            held = Arena.ofAuto().allocate(bytes <= 4096 ? 4096 : STAGING_BYTES, 64);
            staging = held;
        }
        return held;
    }

    void write(long queue, long buffer, Object array, int first, int count) {
        int size = HostArrays.elementBytes(array);
        MemorySegment host = staging((long) count * size);
        ValueLayout layout = layout(array);
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
        int size = HostArrays.elementBytes(array);
        MemorySegment host = staging((long) count * size);
        ValueLayout layout = layout(array);
        int piece = STAGING_BYTES / size;
        for (int done = 0; done < count; done += piece) {
            int now = Math.min(piece, count - done);
            Status.check(
                    "clEnqueueReadBuffer",
                    calls.clEnqueueReadBuffer(queue, buffer, (long) done * size, (long) now * size, host));
            MemorySegment.copy(host, layout, 0, array, first + done, now);
        }
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
