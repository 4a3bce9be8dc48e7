package dev.clave;

/** Root of everything a device can do wrong. The message names the call, the device and the cure where one is known. */
public class DeviceException extends RuntimeException {
    /**
     * An exception with a one-line message.
     *
     * @param message what was wrong, what was expected, and the cure
     */
    public DeviceException(String message) {
        super(message);
    }

    /**
     * An exception with a one-line message and its cause.
     *
     * @param message what was wrong, what was expected, and the cure
     * @param cause what brought it about
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
