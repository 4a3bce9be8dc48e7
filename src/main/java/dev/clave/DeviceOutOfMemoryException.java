package dev.clave;

/** An allocation would pass the device's memory limit; the message says what was asked, what is in use and the limit. */
public final class DeviceOutOfMemoryException extends DeviceException {
    /** An exception with the figures in its message. */
    public DeviceOutOfMemoryException(String message) {
        super(message);
    }
}
