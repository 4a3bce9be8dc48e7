package dev.clave.spi;

import dev.clave.Device;
import dev.clave.DeviceException;
import java.util.List;

/**
 * Devices of one kind, found by {@link java.util.ServiceLoader}: the implementation is public, has a public constructor
 * without parameters and is named in {@code META-INF/services/dev.clave.spi.Backend}. The constructor and {@link #name} do
 * nothing but answer: both are called at every look for devices. An instance serves one look by one
 * thread, and its devices keep it. Whatever a backend throws is reported with its name and leaves the others alone.
 *
 * <p>A backend that computes implements {@link dev.clave.op.OperatorBackend}.
 */
public interface Backend {
    /** Priority of the library's OpenCL devices. */
    int OPENCL_PRIORITY = 100;

    /** Priority of the library's CPU device, the last resort. */
    int CPU_PRIORITY = 0;

    /**
     * Whether there is a device.
     *
     * @param available whether there is one
     * @param reason why there is none, and the cure; beside devices what was left out; empty when there is nothing to say
     */
    record Availability(boolean available, String reason) {
        /** {@return there is a device} */
        public static Availability yes() {
            return new Availability(true, "");
        }

        /**
         * {@return there is none, and why}
         *
         * @param reason why, and the cure
         */
        public static Availability no(String reason) {
            return new Availability(false, reason);
        }
    }

    /**
     * A device that could be opened.
     *
     * @param info its kind is the backend's name
     * @param limits {@link Device.Limits#UNKNOWN} when it says nothing of them
     */
    record Description(Device.Info info, Device.Limits limits) {
        /**
         * A device that says nothing of limits.
         *
         * @param info its kind is the backend's name
         */
        public Description(Device.Info info) {
            this(info, Device.Limits.UNKNOWN);
        }
    }

    /**
     * {@return what {@link Device#open(String)} knows it by, and the kind of its devices: a small letter, then small letters,
     * digits, {@code _} and {@code -}} A name that another backend has is refused; {@code auto}, {@code cpu} and {@code opencl} are
     * taken.
     */
    String name();

    /** {@return its priority: the selector {@code auto} takes the highest that has a device and opens} */
    int priority();

    /** {@return whether this backend can be used here} Must not fail where its native parts are missing. */
    Availability availability();

    /** {@return the devices there are; empty when it is not available} */
    List<Description> devices();

    /**
     * Opens a device, a {@link BackendDevice} of this backend. The caller closes it.
     *
     * @param index place in {@link #devices}
     * @return the device
     * @throws DeviceException when it does not open
     */
    Device open(int index);
}
