package dev.clave.internal.opencl;

import dev.clave.internal.HostMemory;
import dev.clave.internal.HostSegments;
import dev.clave.internal.HostStaging;
import java.nio.Buffer;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Blocking transfers over JOCL. Direct memory in native order is passed as it is, and so are large arrays, for which a second copy
 * would cost; everything else goes in pieces through direct memory that is used again and again, and takes no Java heap.
 */
final class JoclTransfers {
    /** Largest piece, and largest array that is copied. */
    private static final int STAGING_BYTES = 1 << 20;
    /** Largest part of a memory segment that a ByteBuffer covers, a multiple of every element. */
    private static final long LARGEST_BUFFER = 1 << 30;

    private final RecentBuffers<Pointer> pointers = new RecentBuffers<>(JoclTransfers::pointer);
    private @Nullable HostStaging staging;
    private @Nullable Pointer stagingPointer;

    void write(cl_command_queue queue, cl_mem buffer, long at, Object host, long first, long count) {
        int unit = HostMemory.unit(host);
        if (!isStaged(host, count * unit)) {
            long most = LARGEST_BUFFER / unit;
            for (long done = 0; done < count; done += most) {
                long now = Math.min(most, count - done);
                write(queue, buffer, at + done * unit, now * unit, memory(host, first + done, now));
            }
            return;
        }
        HostStaging piece = staging();
        Pointer memory = stagingPointer(piece);
        int most = STAGING_BYTES / unit;
        for (long done = 0; done < count; done += most) {
            int now = (int) Math.min(most, count - done);
            piece.take(host, first + done, now);
            write(queue, buffer, at + done * unit, (long) now * unit, memory);
        }
    }

    void read(cl_command_queue queue, cl_mem buffer, long at, Object host, long first, long count) {
        int unit = HostMemory.unit(host);
        if (!isStaged(host, count * unit)) {
            long most = LARGEST_BUFFER / unit;
            for (long done = 0; done < count; done += most) {
                long now = Math.min(most, count - done);
                read(queue, buffer, at + done * unit, now * unit, memory(host, first + done, now));
            }
            return;
        }
        HostStaging piece = staging();
        Pointer memory = stagingPointer(piece);
        int most = STAGING_BYTES / unit;
        for (long done = 0; done < count; done += most) {
            int now = (int) Math.min(most, count - done);
            read(queue, buffer, at + done * unit, (long) now * unit, memory);
            piece.give(host, first + done, now);
        }
    }

    private static void write(cl_command_queue queue, cl_mem buffer, long at, long bytes, Pointer host) {
        Status.check(
                "clEnqueueWriteBuffer", CL.clEnqueueWriteBuffer(queue, buffer, true, at, bytes, host, 0, null, null));
    }

    private static void read(cl_command_queue queue, cl_mem buffer, long at, long bytes, Pointer host) {
        Status.check(
                "clEnqueueReadBuffer", CL.clEnqueueReadBuffer(queue, buffer, true, at, bytes, host, 0, null, null));
    }

    private static boolean isStaged(Object host, long bytes) {
        return host.getClass().isArray() ? bytes <= STAGING_BYTES : !HostMemory.isDirect(host);
    }

    /** An array, or direct memory in native order, from a unit on. JOCL keeps it reachable as long as the pointer is. */
    Pointer memory(Object host, long first, long count) {
        if (host instanceof Buffer buffer) {
            return first == buffer.position() ? pointers.get(buffer) : pointer(buffer, first);
        }
        if (host instanceof float[] values) {
            return Pointer.to(values).withByteOffset(4 * first);
        }
        if (host instanceof double[] values) {
            return Pointer.to(values).withByteOffset(8 * first);
        }
        if (host instanceof int[] values) {
            return Pointer.to(values).withByteOffset(4 * first);
        }
        if (host instanceof byte[] values) {
            return Pointer.to(values).withByteOffset(first);
        }
        return Pointer.to(HostSegments.buffer(host, first, count));
    }

    private static Pointer pointer(Buffer buffer) {
        return pointer(buffer, buffer.position());
    }

    /** A pointer to a buffer is one to its element 0, wherever the position is. */
    private static Pointer pointer(Buffer buffer, long first) {
        return Pointer.to(buffer).withByteOffset(first * HostMemory.unit(buffer));
    }

    private HostStaging staging() {
        HostStaging memory = staging;
        if (memory == null) {
            memory = new HostStaging(STAGING_BYTES);
            staging = memory;
        }
        return memory;
    }

    private Pointer stagingPointer(HostStaging memory) {
        Pointer pointer = stagingPointer;
        if (pointer == null) {
            pointer = Pointer.to(memory.bytes());
            stagingPointer = pointer;
        }
        return pointer;
    }
}
