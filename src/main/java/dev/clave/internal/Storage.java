package dev.clave.internal;

/** Memory of one tensor. Ranges are in elements of the array given; every transfer is checked and blocks. */
public interface Storage extends AutoCloseable {
    /** Size in bytes. */
    long bytes();

    /** Throws {@link IllegalStateException} when this or the memory it is a part of was closed. */
    void checkOpen();

    /** A part of this memory. */
    Storage view(long firstByte, long bytes);

    /** Copies {@code count} elements of a float[], double[], int[] or byte[] to the start of this memory. */
    void write(Object array, int first, int count);

    /** Copies {@code count} elements from the start of this memory into the array. */
    void read(Object array, int first, int count);

    @Override
    void close();
}
