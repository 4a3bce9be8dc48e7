package dev.clave.interop;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.Adoption;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Objects of JOCL's, over the binding {@code jocl}: JDK 17 and newer, with {@code org.jocl:jocl} on the class path. Ownership, order
 * and errors: see the package. Every method may be called by any thread.
 *
 * <p>JOCL has one switch for exceptions in the whole process ({@code CL.setExceptionsEnabled}), off at first, and this binding needs
 * it off: opening or adopting a device turns it off. A host checks status codes, as everybody here does; if it turns the switch
 * on, our errors come as JOCL's {@code CLException} too.
 */
public final class JoclInterop {
    private static final String BINDING = "jocl";

    private JoclInterop() {}

    /**
     * {@return a device that works in the host's context}
     *
     * @param context retained until the device is closed
     * @param device one of the context's
     * @param queue in-order, of that context and device; null for an in-order queue of its own
     * @throws IllegalArgumentException when one of them is no such object or does not belong to the others, or the
     *     queue executes out of order
     * @throws dev.clave.DeviceException when the binding cannot be had; the message says what is missing
     */
    public static Device adopt(cl_context context, cl_device_id device, @Nullable cl_command_queue queue) {
        return Adoption.device(BINDING, context, device, queue);
    }

    /**
     * {@return a tensor over a buffer of the host's}
     *
     * @param device adopted on, or handed out for, the buffer's context
     * @param memory a buffer of at least the tensor's bytes, of which it is the first; retained until the tensor is
     *     closed
     * @param dtype type of the elements
     * @param shape its extents, outermost first
     * @throws IllegalArgumentException when it is no buffer, too small or of another context, or the device has no fp64
     *     for F64
     * @throws IllegalStateException when the device is closed
     */
    public static Tensor adopt(Device device, cl_mem memory, DType dtype, Shape shape) {
        return Adoption.tensor(device, memory, dtype, shape);
    }

    /**
     * {@return an event of the host's, to wait for; its queue has to be flushed by the host}
     *
     * @param device a device of the event's context
     * @param event retained until the event returned is closed
     * @throws IllegalArgumentException when it is no event or of another context
     * @throws IllegalStateException when the device is closed
     */
    public static Event adopt(Device device, cl_event event) {
        return Adoption.event(device, event);
    }

    /**
     * {@return the device's context; not retained, valid until the device is closed}
     *
     * @param device where it runs
     * @throws IllegalArgumentException when the device is none of this binding
     * @throws IllegalStateException when it is closed
     */
    public static cl_context context(Device device) {
        return (cl_context) Adoption.context(device, BINDING);
    }

    /**
     * {@return the device's in-order queue; as {@link #context}}
     *
     * @param device where it runs
     */
    public static cl_command_queue queue(Device device) {
        return (cl_command_queue) Adoption.queue(device, BINDING);
    }

    /**
     * OpenCL's device; as {@link #context}.
     *
     * @param device where it runs
     * @return the device of org.jocl
     */
    public static cl_device_id device(Device device) {
        return (cl_device_id) Adoption.deviceId(device, BINDING);
    }

    /**
     * {@return the buffer that holds a tensor's values in row-major order, a sub-buffer for a view; not retained, valid
     * until the tensor is closed}
     *
     * @param tensor holds the values
     * @throws IllegalArgumentException when its device is none of this binding
     * @throws IllegalStateException when it is closed
     */
    public static cl_mem memory(Tensor tensor) {
        return (cl_mem) Adoption.memory(tensor, BINDING);
    }

    /**
     * {@return the event, for wait lists of its context; not retained, valid until the event is closed}
     *
     * @param event what is waited for
     * @throws IllegalArgumentException when its device is none of this binding
     * @throws IllegalStateException when it is closed
     */
    public static cl_event event(Event event) {
        return (cl_event) Adoption.event(event, BINDING);
    }
}
