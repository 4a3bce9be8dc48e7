package dev.clave.internal;

import java.nio.ByteBuffer;

/**
 * What transfers need of {@code java.lang.foreign.MemorySegment}, as Java 17 to 21 sees it: there are none. The jar holds another
 * one for 22 and newer.
 */
@SuppressWarnings("DoNotCallSuggester") // the other one answers
public final class HostSegments {
    private HostSegments() {}

    /** Whether it is a MemorySegment. */
    public static boolean is(Object host) {
        return false;
    }

    /** Why nothing is one here. */
    public static String missing() {
        int feature = Runtime.version().feature();
        return feature < 22
                ? "a MemorySegment needs JDK 22 or newer, this is " + feature
                : "these classes know no MemorySegment; take the jar, built by JDK 22 or newer";
    }

    private static IllegalArgumentException none() {
        return new IllegalArgumentException(missing());
    }

    /** Its size. */
    public static long bytes(Object segment) {
        throw none();
    }

    /** Whether it may not be written. */
    public static boolean isReadOnly(Object segment) {
        throw none();
    }

    /** Whether it lies outside the Java heap. */
    public static boolean isNative(Object segment) {
        throw none();
    }

    /** Refuses one whose arena is closed, or belongs to another thread. */
    public static void checkAlive(Object segment) {
        throw none();
    }

    /** Direct memory as a buffer in native order. */
    public static ByteBuffer buffer(Object segment, long first, long bytes) {
        throw none();
    }

    /** Copies bytes into elements of an array. */
    public static void copy(Object segment, long first, Object array, int index, int count) {
        throw none();
    }

    /** Copies elements of an array into bytes. */
    public static void copyBack(Object array, int index, Object segment, long first, int count) {
        throw none();
    }

    /** Copies bytes to the start of a buffer. */
    public static void stage(Object segment, long first, ByteBuffer piece, int count) {
        throw none();
    }

    /** Copies bytes from the start of a buffer. */
    public static void unstage(ByteBuffer piece, Object segment, long first, int count) {
        throw none();
    }
}
