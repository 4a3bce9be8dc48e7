package dev.clave.spi;

import dev.clave.Tensor;

/**
 * The values of one tensor where a backend keeps them. The library has checked every range and that nothing is closed before
 * it calls; it calls nothing after {@link #close}. It must not hold its device: a device that its user forgot could not be
 * found otherwise.
 */
public interface Memory {
    /** The memory behind a tensor of a {@link BackendDevice}; for {@link dev.clave.op.Prepared#bind}. */
    static Memory of(Tensor tensor) {
        if (tensor.storage() instanceof MemoryStorage own) {
            return own.memory();
        }
        throw new IllegalArgumentException(tensor + " does not live on a device of a backend that hands out memory");
    }

    /** A part of this memory, from a byte that is a multiple of {@link BackendDevice#viewAlignment}. It is closed on its own. */
    Memory view(long firstByte, long bytes);

    /** Copies {@code count} elements of a float[], double[], int[] or byte[] from {@code first} on to the start of this. */
    void write(Object array, int first, int count);

    /** Waits for the work that writes this, and copies {@code count} elements from its start into the array. */
    void read(Object array, int first, int count);

    /** Frees it once work that uses it is done; of a view, what the view itself takes. Called once. */
    void close();
}
