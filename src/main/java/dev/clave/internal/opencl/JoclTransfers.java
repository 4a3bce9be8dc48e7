package dev.clave.internal.opencl;

import dev.clave.internal.HostMemory;
import dev.clave.internal.HostSegments;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Blocking transfers over JOCL. Arrays and direct memory are passed as they are; what JOCL cannot pass (other byte orders,
 * buffers without an array to be had) goes in pieces through direct memory that is used again and again.
 */
final class JoclTransfers {
    /** Largest piece. */
    private static final int STAGING_BYTES = 1 << 20;
    /** Largest part of a memory segment that a ByteBuffer covers, a multiple of every element. */
    private static final long LARGEST_BUFFER = 1 << 30;

    private @Nullable ByteBuffer staging;

    void write(cl_command_queue queue, cl_mem buffer, long at, Object host, long first, long count) {
        int unit = HostMemory.unit(host);
        if (isPlain(host)) {
            write(queue, buffer, at, count * unit, plain(host).withByteOffset(first * unit));
            return;
        }
        boolean direct = HostMemory.isDirect(host);
        ByteBuffer piece = direct ? null : staging();
        long most = direct ? LARGEST_BUFFER : STAGING_BYTES / unit;
        for (long done = 0; done < count; done += most) {
            long now = Math.min(most, count - done);
            if (piece != null) {
                HostMemory.stage(host, first + done, piece, (int) now);
            }
            Pointer memory = piece == null ? direct(host, first + done, now) : Pointer.to(piece);
            write(queue, buffer, at + done * unit, now * unit, memory);
        }
    }

    void read(cl_command_queue queue, cl_mem buffer, long at, Object host, long first, long count) {
        int unit = HostMemory.unit(host);
        if (isPlain(host)) {
            read(queue, buffer, at, count * unit, plain(host).withByteOffset(first * unit));
            return;
        }
        boolean direct = HostMemory.isDirect(host);
        ByteBuffer piece = direct ? null : staging();
        long most = direct ? LARGEST_BUFFER : STAGING_BYTES / unit;
        for (long done = 0; done < count; done += most) {
            long now = Math.min(most, count - done);
            Pointer memory = piece == null ? direct(host, first + done, now) : Pointer.to(piece);
            read(queue, buffer, at + done * unit, now * unit, memory);
            if (piece != null) {
                HostMemory.unstage(piece, host, first + done, (int) now);
            }
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

    /** Whether it is an array, or a direct buffer in native order. */
    private static boolean isPlain(Object host) {
        return host.getClass().isArray() || (host instanceof Buffer && HostMemory.isDirect(host));
    }

    private static Pointer plain(Object host) {
        if (host instanceof float[] floats) {
            return Pointer.to(floats);
        }
        if (host instanceof double[] doubles) {
            return Pointer.to(doubles);
        }
        if (host instanceof int[] ints) {
            return Pointer.to(ints);
        }
        // The pointer is to the element 0, wherever the position is.
        return host instanceof byte[] bytes ? Pointer.to(bytes) : Pointer.to((Buffer) host);
    }

    /** Direct memory from a unit on; JOCL keeps it reachable as long as its own pointer is. */
    static Pointer direct(Object host, long first, long count) {
        if (host instanceof Buffer buffer) {
            return Pointer.to(buffer).withByteOffset(first * HostMemory.unit(host));
        }
        return Pointer.to(HostSegments.buffer(host, first, count));
    }

    private ByteBuffer staging() {
        ByteBuffer memory = staging;
        if (memory == null) {
            memory = ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.nativeOrder());
            staging = memory;
        }
        return memory;
    }
}
