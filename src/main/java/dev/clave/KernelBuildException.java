package dev.clave;

/** A kernel file did not compile; the message holds device, options, the compiler's log and the numbered source. */
public final class KernelBuildException extends DeviceException {
    /**
     * An exception with the full report.
     *
     * @param message what was wrong, what was expected, and the cure
     */
    public KernelBuildException(String message) {
        super(message);
    }
}
