package dev.clave.op;

import dev.clave.Tensor;

/**
 * A problem prepared by a candidate, which a backend implements. The library has checked names, types, shapes, devices and
 * that nothing is closed before it calls, and it runs nothing before everything is bound and set. One thread at a time uses
 * it. {@link Invocation}, which wraps it for the user, is one itself: a backend may hand out another's.
 */
public interface Prepared extends AutoCloseable {
    /**
     * Binds a tensor to a slot of the problem; a later one replaces it.
     *
     * @param slot its name
     * @param tensor of the device; {@link dev.clave.spi.Memory#of} is the memory behind it
     * @return this
     */
    Prepared bind(String slot, Tensor tensor);

    /**
     * Sets a scalar of the problem; it holds until it is set again.
     *
     * @param scalar its name
     * @param value what it is from now on
     * @return this
     */
    Prepared set(String scalar, double value);

    /** Runs once, or enqueues one run behind those that were enqueued before. */
    void run();

    /** Releases what it holds once enqueued work is done; the tensors stay. Called once. */
    @Override
    void close();
}
