package dev.clave.spi;

import dev.clave.Tensor;

/**
 * The values of one tensor where a backend keeps them. The library has checked every range and that nothing is closed before
 * it calls; it calls nothing after {@link #close}. It must not hold its device: a device that its user forgot could not be
 * found otherwise.
 */
public interface Memory {
    /**
     * {@return the memory behind a tensor of a {@link BackendDevice}; for {@link dev.clave.op.Prepared#bind}}
     *
     * @param tensor one that is open
     */
    static Memory of(Tensor tensor) {
        if (tensor.storage() instanceof MemoryStorage own) {
            return own.memory();
        }
        throw new IllegalArgumentException(tensor + " does not live on a device of a backend that hands out memory");
    }

    /**
     * {@return a part of this memory, which is closed on its own}
     *
     * @param firstByte a multiple of {@link BackendDevice#viewAlignment}
     * @param bytes its size
     */
    Memory view(long firstByte, long bytes);

    /**
     * Copies to the start of this.
     *
     * @param array a float[], double[], int[] or byte[]
     * @param first index of the first element
     * @param count elements
     */
    void write(Object array, int first, int count);

    /**
     * Waits for the work that writes this, and copies from its start.
     *
     * @param array a float[], double[], int[] or byte[]
     * @param first index of the first element
     * @param count elements
     */
    void read(Object array, int first, int count);

    /** Frees it once work that uses it is done; of a view, what the view itself takes. Called once. */
    void close();
}
