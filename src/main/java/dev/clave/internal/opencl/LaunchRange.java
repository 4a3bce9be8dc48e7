package dev.clave.internal.opencl;

/** What both bindings need to know about the ranges of a launch. */
final class LaunchRange {
    private LaunchRange() {}

    /** Refuses sizes that would make a driver read beyond the arrays. */
    static void checkRange(long[] global, long[] local) {
        if (global.length < 1 || global.length > 3 || local.length != global.length) {
            throw new IllegalArgumentException("a launch has one to three dimensions in both sizes, got "
                    + global.length + " global and " + local.length + " local");
        }
    }
}
