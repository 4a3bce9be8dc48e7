package dev.clave.internal.opencl;

/** What both bindings need to know about the host arrays of a transfer and the ranges of a launch. */
final class HostArrays {
    private HostArrays() {}

    /** Bytes of one element of a float[], double[], int[] or byte[]. */
    static int elementBytes(Object array) {
        if (array instanceof float[] || array instanceof int[]) {
            return 4;
        }
        if (array instanceof double[]) {
            return 8;
        }
        if (array instanceof byte[]) {
            return 1;
        }
        throw new IllegalArgumentException("transfers take float[], double[], int[] or byte[], got "
                + array.getClass().getSimpleName());
    }

    /** Refuses sizes that would make a driver read beyond the arrays. */
    static void checkRange(long[] global, long[] local) {
        if (global.length < 1 || global.length > 3 || local.length != global.length) {
            throw new IllegalArgumentException("a launch has one to three dimensions in both sizes, got "
                    + global.length + " global and " + local.length + " local");
        }
    }
}
