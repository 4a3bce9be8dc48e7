package dev.clave.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What transfers need of {@link MemorySegment}, which they know as an Object: most classes are compiled for Java 17. */
public final class HostSegments {
    private HostSegments() {}

    /** Whether it is a MemorySegment. */
    public static boolean is(Object host) {
        return host instanceof MemorySegment;
    }

    /** What a caller may have meant. */
    public static String missing() {
        return "a java.lang.foreign.MemorySegment is wanted";
    }

    /** Its size. */
    public static long bytes(Object segment) {
        return ((MemorySegment) segment).byteSize();
    }

    /** Whether it may not be written. */
    public static boolean isReadOnly(Object segment) {
        return ((MemorySegment) segment).isReadOnly();
    }

    /** Whether it lies outside the Java heap. */
    public static boolean isNative(Object segment) {
        return ((MemorySegment) segment).isNative();
    }

    /** Refuses one whose arena is closed, or belongs to another thread. */
    public static void checkAlive(Object segment) {
        MemorySegment own = (MemorySegment) segment;
        if (!own.scope().isAlive()) {
            throw new IllegalStateException("the memory segment's arena is closed");
        }
        if (!own.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("the memory segment's arena belongs to another thread");
        }
    }

    /** Direct memory as a buffer in native order. */
    public static ByteBuffer buffer(Object segment, long first, long bytes) {
        return ((MemorySegment) segment).asSlice(first, bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Copies bytes into elements of an array. */
    public static void copy(Object segment, long first, Object array, int index, int count) {
        MemorySegment.copy((MemorySegment) segment, layout(array), first, array, index, count);
    }

    /** Copies elements of an array into bytes. */
    public static void copyBack(Object array, int index, Object segment, long first, int count) {
        MemorySegment.copy(array, index, (MemorySegment) segment, layout(array), first, count);
    }

    private static ValueLayout layout(Object array) {
        if (array instanceof float[]) {
            return JAVA_FLOAT_UNALIGNED;
        }
        if (array instanceof double[]) {
            return JAVA_DOUBLE_UNALIGNED;
        }
        return array instanceof int[] ? JAVA_INT_UNALIGNED : JAVA_BYTE;
    }

    /** Copies bytes to the start of a buffer. */
    public static void stage(Object segment, long first, ByteBuffer piece, int count) {
        MemorySegment.copy((MemorySegment) segment, first, MemorySegment.ofBuffer(piece), 0, count);
    }

    /** Copies bytes from the start of a buffer. */
    public static void unstage(ByteBuffer piece, Object segment, long first, int count) {
        MemorySegment.copy(MemorySegment.ofBuffer(piece), 0, (MemorySegment) segment, first, count);
    }
}
