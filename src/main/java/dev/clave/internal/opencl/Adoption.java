package dev.clave.internal.opencl;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.OpenCl.Kind;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Takes objects of OpenCL's that the host application made, and hands ours out. An object is what the binding calls one: a Long
 * over {@code ffm}, one of JOCL's over {@code jocl}. Whatever is taken is checked and retained.
 */
public final class Adoption {
    private Adoption() {}

    /**
     * A device on the host's context.
     *
     * @param queue null for a queue of our own
     */
    public static Device device(String binding, Object context, Object device, @Nullable Object queue) {
        OpenCl cl = Bindings.choose(binding).api();
        if (cl == null) {
            throw new IllegalStateException("a forced binding is there or throws");
        }
        return device(cl, context, device, queue);
    }

    static Device device(OpenCl cl, Object context, Object device, @Nullable Object queue) {
        long ownDevice = taken(cl, Kind.DEVICE, device);
        String name = checkDevice(cl, ownDevice, device);
        long ownContext = taken(cl, Kind.CONTEXT, context);
        long ownQueue = 0;
        try {
            if (!has(cl, Kind.CONTEXT, ownContext, OpenCl.CONTEXT_DEVICES, ownDevice)) {
                throw new IllegalArgumentException(
                        "device " + name + " is none of the context's; pass one of those it was created for");
            }
            ownQueue = queue == null
                    ? cl.createQueue(ownContext, ownDevice)
                    : checkedQueue(cl, queue, ownContext, ownDevice, name);
            long platform = cl.platformOf(ownDevice);
            Device.Info info = OpenClDevices.info(cl, cl.platformString(platform, OpenCl.PLATFORM_NAME), ownDevice);
            ProgramCache cache = ProgramCache.forPlatform(info.platform());
            return new OpenClDevice(cl, platform, ownDevice, info, cache, ownContext, ownQueue);
        } catch (RuntimeException e) {
            if (ownQueue != 0) {
                cl.releaseQueue(ownQueue);
            }
            cl.releaseContext(ownContext);
            throw e;
        }
    }

    private static String checkDevice(OpenCl cl, long device, Object given) {
        String name;
        try {
            name = cl.deviceString(device, OpenCl.DEVICE_NAME);
        } catch (StatusException e) {
            throw refused(Kind.DEVICE, given, e);
        }
        if (cl.deviceLong(device, OpenCl.DEVICE_COMPILER_AVAILABLE) == 0) {
            throw new DeviceException("device " + name + " has no compiler");
        }
        return name;
    }

    private static long checkedQueue(OpenCl cl, Object given, long context, long device, String name) {
        long queue = taken(cl, Kind.QUEUE, given);
        try {
            if (!has(cl, Kind.QUEUE, queue, OpenCl.QUEUE_CONTEXT, context)) {
                throw new IllegalArgumentException("the queue belongs to another context");
            }
            if (!has(cl, Kind.QUEUE, queue, OpenCl.QUEUE_DEVICE, device)) {
                throw new IllegalArgumentException("the queue belongs to another device than " + name);
            }
            long properties = cl.info(Kind.QUEUE, queue, OpenCl.QUEUE_PROPERTIES)[0];
            if ((properties & OpenCl.QUEUE_OUT_OF_ORDER) != 0) {
                throw new IllegalArgumentException(
                        "the queue executes out of order, and an in-order one is needed: create"
                                + " another, or pass none for one of our own");
            }
            return queue;
        } catch (RuntimeException e) {
            cl.releaseQueue(queue);
            throw e;
        }
    }

    /** Whether an object's parameter names another object. */
    private static boolean has(OpenCl cl, Kind kind, long handle, int parameter, long other) {
        long wanted = cl.pointer(other);
        return Arrays.stream(cl.info(kind, handle, parameter)).anyMatch(pointer -> pointer == wanted);
    }

    private static long taken(OpenCl cl, Kind kind, Object object) {
        try {
            return cl.adopt(kind, object);
        } catch (StatusException e) {
            throw refused(kind, object, e);
        }
    }

    private static IllegalArgumentException refused(Kind kind, Object object, StatusException cause) {
        return new IllegalArgumentException(
                object + " is no " + kind.name().toLowerCase(Locale.ROOT) + " of OpenCL's: " + cause.getMessage(),
                cause);
    }

    /** A tensor over a buffer of the host's; it retains the buffer until it is closed. */
    public static Tensor tensor(Device device, Object memory, DType dtype, Shape shape) {
        OpenClDevice own = openCl(device);
        if (dtype == DType.F64 && !device.info().fp64()) {
            throw new IllegalArgumentException("device " + device.name() + " has no fp64");
        }
        GuardedOpenCl cl = own.cl();
        synchronized (cl) {
            long context = own.context();
            long buffer = taken(cl, Kind.BUFFER, memory);
            try {
                checkBuffer(cl, buffer, context, dtype, shape);
            } catch (RuntimeException e) {
                cl.releaseBuffer(buffer);
                throw e;
            }
            return own.tensor(dtype, shape, buffer);
        }
    }

    private static void checkBuffer(OpenCl cl, long buffer, long context, DType dtype, Shape shape) {
        if (cl.info(Kind.BUFFER, buffer, OpenCl.MEM_TYPE)[0] != OpenCl.MEM_TYPE_BUFFER) {
            throw new IllegalArgumentException("the memory object is an image or a pipe, and a buffer is wanted");
        }
        if (!has(cl, Kind.BUFFER, buffer, OpenCl.MEM_CONTEXT, context)) {
            throw new IllegalArgumentException("the buffer belongs to another context than the device");
        }
        long bytes = (long) shape.elements() * dtype.bytes();
        long size = cl.info(Kind.BUFFER, buffer, OpenCl.MEM_SIZE)[0];
        if (size < bytes) {
            throw new IllegalArgumentException(
                    "a tensor " + dtype + shape + " takes " + bytes + " bytes, and the buffer has " + size);
        }
    }

    /** An event of the host's; it retains the event until it is closed. */
    public static Event event(Device device, Object event) {
        OpenClDevice own = openCl(device);
        GuardedOpenCl cl = own.cl();
        synchronized (cl) {
            long context = own.context();
            long taken = taken(cl, Kind.EVENT, event);
            try {
                if (!has(cl, Kind.EVENT, taken, OpenCl.EVENT_CONTEXT, context)) {
                    throw new IllegalArgumentException("the event belongs to another context than the device");
                }
            } catch (RuntimeException e) {
                cl.releaseEvent(taken);
                throw e;
            }
            return ClEvent.of(own, "adopted event", taken, null);
        }
    }

    /** The device's context. */
    public static Object context(Device device, String binding) {
        OpenClDevice own = checked(device, binding);
        return own.cl().object(own.context());
    }

    /** The device's in-order queue. */
    public static Object queue(Device device, String binding) {
        OpenClDevice own = checked(device, binding);
        return own.cl().object(own.sharedQueue());
    }

    /** OpenCL's device. */
    public static Object deviceId(Device device, String binding) {
        OpenClDevice own = checked(device, binding);
        return own.cl().object(own.deviceId());
    }

    /** The buffer behind a tensor, a sub-buffer behind a view. */
    public static Object memory(Tensor tensor, String binding) {
        OpenClDevice own = checked(tensor.device(), binding);
        return own.cl().object(ClStorage.of(tensor.storage()).buffer());
    }

    /** The event. */
    public static Object event(Event event, String binding) {
        if (!(event instanceof ClEvent own)) {
            throw new IllegalArgumentException("the event is of no OpenCL device");
        }
        OpenClDevice device = checked(own.device(), binding);
        long handle = own.enter();
        try {
            return device.cl().object(handle);
        } finally {
            own.exit(handle);
        }
    }

    private static OpenClDevice checked(Device device, String binding) {
        OpenClDevice own = openCl(device);
        String used = own.info().binding();
        if (!used.equals(binding)) {
            throw new IllegalArgumentException("device " + device.name() + " works over the binding " + used + ", not "
                    + binding + "; open or adopt it over that one");
        }
        return own;
    }

    private static OpenClDevice openCl(Device device) {
        if (device instanceof OpenClDevice own) {
            return own;
        }
        throw new IllegalArgumentException("device " + device.name() + " is no OpenCL device");
    }
}
