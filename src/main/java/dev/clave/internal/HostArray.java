package dev.clave.internal;

/** Memory that is a Java array, or a part of one. */
public interface HostArray {
    /** The float[], double[], int[] or byte[]. */
    Object array();

    /** Index of the first element in the array. */
    int offset();
}
