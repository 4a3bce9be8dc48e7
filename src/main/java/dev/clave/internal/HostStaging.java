package dev.clave.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** Direct memory in native order through which other memory of the host's goes, piece by piece; made once. */
public final class HostStaging {
    private final ByteBuffer bytes;
    private final FloatBuffer floats;
    private final DoubleBuffer doubles;
    private final IntBuffer ints;

    /** Memory of that size. */
    public HostStaging(int size) {
        bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
        floats = bytes.asFloatBuffer();
        doubles = bytes.asDoubleBuffer();
        ints = bytes.asIntBuffer();
    }

    /** The memory. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Copies units of the host's memory to the start. */
    public void take(Object host, long from, int count) {
        int first = HostSegments.is(host) ? 0 : Math.toIntExact(from);
        if (host instanceof float[] values) {
            floats.put(0, values, first, count);
        } else if (host instanceof double[] values) {
            doubles.put(0, values, first, count);
        } else if (host instanceof int[] values) {
            ints.put(0, values, first, count);
        } else if (host instanceof byte[] values) {
            bytes.put(0, values, first, count);
        } else if (host instanceof FloatBuffer values) {
            floats.put(0, values, first, count);
        } else if (host instanceof DoubleBuffer values) {
            doubles.put(0, values, first, count);
        } else if (host instanceof IntBuffer values) {
            ints.put(0, values, first, count);
        } else if (host instanceof ByteBuffer values) {
            bytes.put(0, values, first, count);
        } else {
            HostSegments.stage(host, from, bytes, count);
        }
    }

    /** Copies units from the start to the host's memory. */
    public void give(Object host, long to, int count) {
        int first = HostSegments.is(host) ? 0 : Math.toIntExact(to);
        if (host instanceof float[] values) {
            floats.get(0, values, first, count);
        } else if (host instanceof double[] values) {
            doubles.get(0, values, first, count);
        } else if (host instanceof int[] values) {
            ints.get(0, values, first, count);
        } else if (host instanceof byte[] values) {
            bytes.get(0, values, first, count);
        } else if (host instanceof FloatBuffer values) {
            values.put(first, floats, 0, count);
        } else if (host instanceof DoubleBuffer values) {
            values.put(first, doubles, 0, count);
        } else if (host instanceof IntBuffer values) {
            values.put(first, ints, 0, count);
        } else if (host instanceof ByteBuffer values) {
            values.put(first, bytes, 0, count);
        } else {
            HostSegments.unstage(bytes, host, to, count);
        }
    }
}
