package dev.clave.internal.tune;

import dev.clave.Device;

/**
 * What a measurement belongs to. In a bundled record platform and driver are {@link #ANY} and the device is a class of
 * devices.
 *
 * @param shape all of the geometry, in the notation of its record
 * @param layout type and samples side by side, such as {@code F32x8}
 */
public record TuningKey(
        String platform, String device, String driver, String operator, String direction, String shape, String layout) {
    static final String ANY = "any";

    /** The key of a problem on a device. */
    public static TuningKey of(Device.Info info, String operator, String direction, String shape, String layout) {
        return new TuningKey(info.platform(), info.name(), info.driver(), operator, direction, shape, layout);
    }

    /** The same problem on a class of devices. */
    public TuningKey on(String deviceClass) {
        return new TuningKey(ANY, deviceClass, ANY, operator, direction, shape, layout);
    }

    /** Whether this is about exactly that device. */
    boolean isOf(Device.Info info) {
        return platform.equals(info.platform()) && device.equals(info.name()) && driver.equals(info.driver());
    }
}
