package dev.clave.internal;

/** Memory of one tensor. Every transfer is checked and blocks. */
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

    /**
     * Copies from the host. A device need not know more than whole arrays: what it leaves out is refused by name.
     *
     * @param at first byte of this memory
     * @param host what {@link HostMemory} knows, of this memory's type
     * @param first first unit of the host's memory
     * @param count units
     */
    default void write(long at, Object host, long first, long count) {
        if (at != 0 || !host.getClass().isArray()) {
            throw unknown("write", host);
        }
        write(host, Math.toIntExact(first), Math.toIntExact(count));
    }

    /** Copies to the host; as {@link #write(long, Object, long, long)}. */
    default void read(long at, Object host, long first, long count) {
        if (at != 0 || !host.getClass().isArray()) {
            throw unknown("read", host);
        }
        read(host, Math.toIntExact(first), Math.toIntExact(count));
    }

    private UnsupportedOperationException unknown(String what, Object host) {
        return new UnsupportedOperationException(getClass().getName() + " cannot " + what + " a part of a tensor or a "
                + host.getClass().getSimpleName() + "; take an array of all its values");
    }

    @Override
    void close();
}
