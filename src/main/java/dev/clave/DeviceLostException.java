package dev.clave;

/**
 * The device failed in a way that nothing on it survives: a driver that was reset, a device that was removed, a kernel that
 * was killed. It stays lost: every later call throws this again. Close it, and open a new one.
 */
public final class DeviceLostException extends DeviceException {
    /**
     * An exception that names the device and the call that failed.
     *
     * @param message what was wrong, what was expected, and the cure
     */
    public DeviceLostException(String message) {
        super(message);
    }
}
