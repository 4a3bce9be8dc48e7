package dev.clave;

/** An allocation would pass the device's memory limit; the message says what was asked, what is in use and the limit. */
public final class DeviceOutOfMemoryException extends DeviceException {
    /**
     * An exception with the figures in its message.
     *
     * @param message what was wrong, what was expected, and the cure
     */
    public DeviceOutOfMemoryException(String message) {
        super(message);
    }
}
