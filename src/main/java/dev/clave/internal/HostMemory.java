package dev.clave.internal;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * The host's side of a transfer: a float[], double[], int[] or byte[], a FloatBuffer, DoubleBuffer, IntBuffer or ByteBuffer, or,
 * on JDK 22 and newer, a MemorySegment. It is counted in units: elements of arrays and typed buffers, bytes of a ByteBuffer and
 * a MemorySegment, whose values are in native order. Nothing here moves a position.
 */
public final class HostMemory {
    private HostMemory() {}

    /**
     * Bytes of one unit.
     *
     * @throws IllegalArgumentException when it is nothing of the kind
     */
    public static int unit(Object host) {
        if (host instanceof float[]
                || host instanceof int[]
                || host instanceof FloatBuffer
                || host instanceof IntBuffer) {
            return 4;
        }
        if (host instanceof double[] || host instanceof DoubleBuffer) {
            return 8;
        }
        if (host instanceof byte[] || host instanceof ByteBuffer || HostSegments.is(host)) {
            return 1;
        }
        throw new IllegalArgumentException(
                "transfers take float[], double[], int[] or byte[], FloatBuffer, DoubleBuffer,"
                        + " IntBuffer or ByteBuffer, and MemorySegment on JDK 22 and newer; got "
                        + host.getClass().getSimpleName());
    }

    /** The unit behind the last that may be used: the length, the limit or the size. */
    public static long end(Object host) {
        if (host instanceof Buffer buffer) {
            return buffer.limit();
        }
        if (host instanceof float[] floats) {
            return floats.length;
        }
        if (host instanceof double[] doubles) {
            return doubles.length;
        }
        if (host instanceof int[] ints) {
            return ints.length;
        }
        return host instanceof byte[] bytes ? bytes.length : HostSegments.bytes(host);
    }

    /** Whether it may not be written. */
    public static boolean isReadOnly(Object host) {
        if (host instanceof Buffer buffer) {
            return buffer.isReadOnly();
        }
        return HostSegments.is(host) && HostSegments.isReadOnly(host);
    }

    /** Whether it is memory outside the Java heap in native order: then a driver may read and write it where it is. */
    public static boolean isDirect(Object host) {
        if (host instanceof Buffer buffer) {
            return buffer.isDirect() && order(host) == ByteOrder.nativeOrder();
        }
        return HostSegments.is(host) && HostSegments.isNative(host);
    }

    /** Byte order of its units; bytes have the native one. */
    public static ByteOrder order(Object host) {
        if (host instanceof FloatBuffer floats) {
            return floats.order();
        }
        if (host instanceof IntBuffer ints) {
            return ints.order();
        }
        return host instanceof DoubleBuffer doubles ? doubles.order() : ByteOrder.nativeOrder();
    }

    /**
     * Checks a transfer.
     *
     * @param at first byte of the device's memory
     * @param bytes the device's memory
     * @throws IllegalArgumentException when it leaves one or the other
     * @throws IllegalStateException when the host's memory was given back by its arena
     */
    public static void check(Object host, long first, long count, long at, long bytes) {
        int unit = unit(host);
        checkAlive(host);
        long end = end(host);
        if (first < 0 || count < 0 || first > end - count || at < 0 || at > bytes - count * unit) {
            throw new IllegalArgumentException("transfer of " + count + " elements of " + unit + " bytes from " + first
                    + " leaves the host's memory of " + end + ", or the tensor of " + bytes + " bytes from byte " + at);
        }
    }

    /** A driver does not look whether memory is still there; Java does, at any access. */
    private static void checkAlive(Object host) {
        if (host instanceof Buffer buffer) {
            if (buffer.isDirect() && buffer.hasRemaining()) {
                touch(buffer, buffer.position());
            }
        } else if (HostSegments.is(host)) {
            HostSegments.checkAlive(host);
        }
    }

    private static void touch(Buffer buffer, int index) {
        if (buffer instanceof FloatBuffer floats) {
            floats.get(index);
        } else if (buffer instanceof DoubleBuffer doubles) {
            doubles.get(index);
        } else if (buffer instanceof IntBuffer ints) {
            ints.get(index);
        } else if (buffer instanceof ByteBuffer bytes) {
            bytes.get(index);
        }
    }

    /** Copies elements from the host's memory into an array of the same type; bytes are taken for elements of it. */
    public static void copy(Object host, long first, Object array, int index, int count) {
        int start = host instanceof Buffer ? Math.toIntExact(first) : 0;
        if (HostSegments.is(host)) {
            HostSegments.copy(host, first, array, index, count);
        } else if (array instanceof float[] floats && host instanceof FloatBuffer from) {
            from.get(start, floats, index, count);
        } else if (array instanceof double[] doubles && host instanceof DoubleBuffer from) {
            from.get(start, doubles, index, count);
        } else if (array instanceof int[] ints && host instanceof IntBuffer from) {
            from.get(start, ints, index, count);
        } else if (array instanceof byte[] bytes && host instanceof ByteBuffer from) {
            from.get(start, bytes, index, count);
        } else if (array instanceof float[] floats && host instanceof ByteBuffer from) {
            for (int i = 0; i < count; i++) {
                floats[index + i] = from.getFloat(start + 4 * i);
            }
        } else if (array instanceof double[] doubles && host instanceof ByteBuffer from) {
            for (int i = 0; i < count; i++) {
                doubles[index + i] = from.getDouble(start + 8 * i);
            }
        } else if (array instanceof int[] ints && host instanceof ByteBuffer from) {
            for (int i = 0; i < count; i++) {
                ints[index + i] = from.getInt(start + 4 * i);
            }
        } else {
            System.arraycopy(host, Math.toIntExact(first), array, index, count);
        }
    }

    /** Copies elements of an array into the host's memory; the other way of the above. */
    public static void copyBack(Object array, int index, Object host, long first, int count) {
        int start = host instanceof Buffer ? Math.toIntExact(first) : 0;
        if (HostSegments.is(host)) {
            HostSegments.copyBack(array, index, host, first, count);
        } else if (array instanceof float[] floats && host instanceof FloatBuffer to) {
            to.put(start, floats, index, count);
        } else if (array instanceof double[] doubles && host instanceof DoubleBuffer to) {
            to.put(start, doubles, index, count);
        } else if (array instanceof int[] ints && host instanceof IntBuffer to) {
            to.put(start, ints, index, count);
        } else if (array instanceof byte[] bytes && host instanceof ByteBuffer to) {
            to.put(start, bytes, index, count);
        } else if (array instanceof float[] floats && host instanceof ByteBuffer to) {
            for (int i = 0; i < count; i++) {
                to.putFloat(start + 4 * i, floats[index + i]);
            }
        } else if (array instanceof double[] doubles && host instanceof ByteBuffer to) {
            for (int i = 0; i < count; i++) {
                to.putDouble(start + 8 * i, doubles[index + i]);
            }
        } else if (array instanceof int[] ints && host instanceof ByteBuffer to) {
            for (int i = 0; i < count; i++) {
                to.putInt(start + 4 * i, ints[index + i]);
            }
        } else {
            System.arraycopy(array, index, host, Math.toIntExact(first), count);
        }
    }
}
