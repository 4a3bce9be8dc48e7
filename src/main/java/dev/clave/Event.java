package dev.clave;

/**
 * The completion of work that a call only began: of {@code Invocation.runAsync}, {@link Tensor#writeAsync} and
 * {@link Tensor#readAsync}. Later calls take it to begin after it, on the same device or another one.
 *
 * <pre>
 *   try (Event written = input.writeAsync(pixels);
 *        Event computed = conv.runAsync(written);
 *        Event read = output.readAsync(result, computed)) {
 *       ...                                    // the host is free
 *       read.await();                          // now result holds the values
 *   }
 * </pre>
 *
 * <p>Work of one device runs in the order of the calls anyway; events order work of several devices, and tell the host how far
 * it got. Between OpenCL devices that share a context (see {@code dev.clave.interop}) the devices wait for each other by
 * themselves; for an event of any other device the call that takes it waits before it begins. On the CPU device work is done
 * when its call returns, and so is its event.
 *
 * <p><b>Threads.</b> Any thread may use an event. Waiting for it hinders no other thread, other than {@link Device#finish} and
 * blocking reads.
 *
 * <p><b>Lifetime.</b> Close it: an event left open is reported like a tensor. That does not end the work. An event of a
 * transfer keeps the host's memory reachable, and its close waits for the transfer.
 */
public abstract class Event implements AutoCloseable {
    /** For implementations. */
    protected Event() {}

    /**
     * {@return whether the work is done or has failed; never waits}
     *
     * @throws IllegalStateException when this is closed
     */
    public abstract boolean isDone();

    /**
     * Waits until the work is done. An interrupt does not end the wait.
     *
     * @throws DeviceException when the work failed, or something it waited for did; the message names the status
     * @throws DeviceLostException when the device is lost
     * @throws IllegalStateException when this is closed
     */
    public abstract void await();

    /**
     * Releases it; a second close does nothing. Of a transfer it waits for the end first.
     *
     * @throws DeviceException when a transfer failed and nobody was told yet
     */
    @Override
    public abstract void close();
}
