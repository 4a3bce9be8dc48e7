package dev.clave.internal.opencl;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.Ledger;
import dev.clave.internal.Resource;
import dev.clave.internal.Storage;
import java.lang.ref.Reference;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One OpenCL device with its context, in-order queue, programs and the ledger of its buffers. */
public final class OpenClDevice extends Device {
    /** System property: which kernels a device is given, those for a {@code cpu} or a {@code gpu}; {@code auto} asks it. */
    public static final String CLASS_PROPERTY = "clave.device.class";

    private static final System.Logger LOGGER = System.getLogger("dev.clave");

    private final Natives natives;
    private final GuardedOpenCl cl;
    private final long device;
    private final long context;
    private final long queue;
    private final Info info;
    private final int alignment;
    private final long maxWorkGroup;
    private final long localMemory;
    private final int computeUnits;
    private final boolean deviceAtomics;
    private final long parameterBytes;
    private final Map<Class<?>, Object> attached = new HashMap<>();
    private final Programs programs;
    private final Ledger ledger;
    private final boolean gpu;
    /** Work that was put off, under the monitor. */
    private @Nullable Runnable putOff;

    private boolean queueIsShared;

    /** What the driver gave for the device, and its one owner. It must not hold the device, which may be forgotten. */
    private static final class Natives {
        private final GuardedOpenCl cl;
        private final long context;
        private final long queue;
        private final Programs programs;
        private final Ledger ledger;
        private boolean closed;

        Natives(GuardedOpenCl cl, long context, long queue, Programs programs, Ledger ledger) {
            this.cl = cl;
            this.context = context;
            this.queue = queue;
            this.programs = programs;
            this.ledger = ledger;
        }

        void close() {
            // Who is in the middle of a call holds the monitor.
            synchronized (cl) {
                if (closed) {
                    return;
                }
                closed = true;
                try {
                    if (!cl.isLost()) {
                        cl.finish(queue);
                    }
                } finally {
                    ledger.close();
                    programs.release();
                    cl.releaseQueue(queue);
                    cl.releaseContext(context);
                }
            }
        }
    }

    OpenClDevice(OpenCl binding, long platform, long device, Info info) {
        this(binding, platform, device, info, ProgramCache.forPlatform(info.platform()));
    }

    OpenClDevice(OpenCl binding, long platform, long device, Info info, ProgramCache cache) {
        this(binding, platform, device, info, cache, 0, 0);
    }

    /**
     * A device on a context and a queue that there are; it releases both when it is closed.
     *
     * @param context 0 to create both
     */
    OpenClDevice(OpenCl binding, long platform, long device, Info info, ProgramCache cache, long context, long queue) {
        this.device = device;
        this.cl = new GuardedOpenCl(binding, info.name());
        this.info = info;
        // Before the context: both may refuse a system property.
        this.gpu = isGpu(
                System.getProperty(CLASS_PROPERTY, "auto"),
                (cl.deviceLong(device, OpenCl.DEVICE_TYPE) & OpenCl.DEVICE_TYPE_GPU) != 0);
        this.ledger = new Ledger(
                info.name(),
                cl.deviceLong(device, OpenCl.DEVICE_GLOBAL_MEM_SIZE),
                cl.deviceLong(device, OpenCl.DEVICE_MAX_MEM_ALLOC_SIZE));
        this.alignment = (int) Math.max(64, cl.deviceLong(device, OpenCl.DEVICE_MEM_BASE_ADDR_ALIGN) / 8);
        this.maxWorkGroup = cl.deviceLong(device, OpenCl.DEVICE_MAX_WORK_GROUP_SIZE);
        this.context = context != 0 ? context : cl.createContext(platform, device);
        warnOfLostDivisions();
        this.queue = context != 0 ? queue : queue(cl, this.context, device);
        this.queueIsShared = context != 0;
        this.localMemory = cl.deviceLong(device, OpenCl.DEVICE_LOCAL_MEM_SIZE);
        this.computeUnits = (int) Math.max(1, cl.deviceLong(device, OpenCl.DEVICE_MAX_COMPUTE_UNITS));
        this.parameterBytes = cl.deviceLong(device, OpenCl.DEVICE_MAX_PARAMETER_SIZE);
        this.deviceAtomics = deviceAtomics(cl, device);
        this.programs = new Programs(cl, this.context, platform, device, info, cache);
        this.natives = new Natives(cl, this.context, this.queue, programs, ledger);
        ledger.ownedBy(this, natives::close);
    }

    private static boolean isGpu(String wanted, boolean said) {
        return switch (wanted) {
            case "auto" -> said;
            case "gpu" -> true;
            case "cpu" -> false;
            default ->
                throw new IllegalArgumentException(
                        "-D" + CLASS_PROPERTY + " is auto, cpu or gpu, got '" + wanted + "'");
        };
    }

    private static long queue(OpenCl cl, long context, long device) {
        try {
            return cl.createQueue(context, device);
        } catch (DeviceException e) {
            cl.releaseContext(context);
            throw e;
        }
    }

    /** The context is where a runtime has set up everything, its signal handlers too. */
    private void warnOfLostDivisions() {
        int lost = DivisionProbe.lost();
        if (lost > 0) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "{0} of {1} integer divisions by zero threw nothing: the SIGFPE handler of {2} replaces the JVM''s. "
                            + "Start Java with LD_PRELOAD=$JAVA_HOME/lib/libjsig.so{3}",
                    lost,
                    DivisionProbe.ATTEMPTS,
                    info.platform(),
                    info.binding().equals("ffm") ? "" : ", or take the binding ffm of JDK 22 and newer");
        }
    }

    @Override
    public Info info() {
        return info;
    }

    @Override
    public int viewAlignment() {
        return alignment;
    }

    /** Largest number of work-items in a work-group. */
    public long maxWorkGroup() {
        return maxWorkGroup;
    }

    /** Whether the device is a GPU by itself or by {@link #CLASS_PROPERTY}: many work-items in a group and local memory pay. */
    public boolean isGpu() {
        return gpu;
    }

    /** Bytes of local memory of a work-group. */
    public long localMemory() {
        return localMemory;
    }

    /** Processors that run work-groups at a time. */
    public int computeUnits() {
        return computeUnits;
    }

    /** Bytes that the arguments of a kernel may take. */
    public long parameterBytes() {
        return parameterBytes;
    }

    /** Whether its compiler takes OpenCL C 3.0 with atomics that order memory among all work-groups of a launch. */
    public boolean hasDeviceAtomics() {
        return deviceAtomics;
    }

    /** The query came with OpenCL 3.0; its answer is that for the optional features of the language, too. */
    private static boolean deviceAtomics(OpenCl cl, long device) {
        if (!cl.deviceString(device, OpenCl.DEVICE_VERSION).startsWith("OpenCL 3.")) {
            return false;
        }
        long wanted = OpenCl.ATOMIC_ORDER_ACQ_REL | OpenCl.ATOMIC_SCOPE_DEVICE;
        return (cl.deviceLong(device, OpenCl.DEVICE_ATOMIC_MEMORY_CAPABILITIES) & wanted) == wanted;
    }

    /** Something that is made once for this device and kept with it: the first call makes it, others wait for it. */
    public synchronized <T> T once(Class<T> type, Supplier<T> make) {
        Object kept = attached.get(type);
        if (kept == null) {
            kept = make.get();
            attached.put(type, kept);
        }
        return type.cast(kept);
    }

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Override
    protected Storage reserve(DType dtype, Shape shape) {
        long bytes = (long) shape.elements() * dtype.bytes();
        synchronized (cl) {
            checkOpen();
            Resource resource = ledger.claim("tensor " + dtype + shape, bytes);
            try {
                // OpenCL has no buffer of size 0.
                long buffer = cl.createBuffer(context, Math.max(bytes, 4));
                return new ClStorage(this, resource.open(buffer, cl::releaseBuffer), bytes, false);
            } catch (StatusException e) {
                resource.close();
                throw Status.isMemory(e.status()) ? full(resource.what(), bytes, e) : e;
            } catch (RuntimeException e) {
                resource.close();
                throw e;
            }
        }
    }

    private DeviceOutOfMemoryException full(String what, long bytes, StatusException cause) {
        DeviceOutOfMemoryException full =
                ledger.outOfMemory(what, bytes, ledger.liveBytes(), "; " + cause.getMessage());
        full.initCause(cause);
        return full;
    }

    /** The record of a part of a buffer. */
    Resource added(String what, long buffer) {
        return added(what, buffer, true, cl::releaseBuffer);
    }

    private Resource added(String what, long handle, boolean reported, LongConsumer release) {
        try {
            return ledger.add(what, reported).open(handle, release);
        } catch (RuntimeException e) {
            release.accept(handle);
            throw e;
        }
    }

    GuardedOpenCl cl() {
        return cl;
    }

    /** In-order, with all that was put off; there is none once the device is closed. */
    long queue() {
        synchronized (cl) {
            checkOpen();
            Runnable before = putOff;
            putOff = null;
            if (before != null) {
                before.run();
            }
            return queue;
        }
    }

    /** The queue for somebody who enqueues by himself: from now on nothing is put off. */
    long sharedQueue() {
        synchronized (cl) {
            queueIsShared = true;
            return queue();
        }
    }

    /** What holds off all other threads from enqueueing while one holds it. */
    public Object monitor() {
        return cl;
    }

    /**
     * Puts work off until something else is enqueued or waited for, under the monitor; what somebody else put off is begun.
     *
     * @param work enqueues it; an object of its own for each caller
     * @return false when nothing may be put off, since others use the queue, too
     */
    public boolean putOff(Runnable work) {
        synchronized (cl) {
            if (putOff != null && putOff != work) {
                queue();
            }
            putOff = queueIsShared ? null : work;
            return !queueIsShared;
        }
    }

    /** Does without work that was put off, when it is this. */
    public void forget(Runnable work) {
        synchronized (cl) {
            if (putOff == work) {
                putOff = null;
            }
        }
    }

    /** OpenCL's handle of the context; there is none once the device is closed. */
    long context() {
        checkOpen();
        return context;
    }

    /** OpenCL's handle of the device. */
    long deviceId() {
        checkOpen();
        return device;
    }

    /** OpenCL's pointer to the context, by which two devices know that they share it. */
    long contextPointer() {
        synchronized (cl) {
            return cl.pointer(context());
        }
    }

    /**
     * The event of a command that was just enqueued, under the monitor; the command is sent on its way, since another queue may
     * wait for it.
     */
    Event begun(String what, long event, @Nullable Object host) {
        ClEvent own = ClEvent.of(this, what, event, host);
        try {
            cl.flush(queue);
            return own;
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /** A tensor over a buffer that there is; the buffer is released with it. */
    Tensor tensor(DType dtype, Shape shape, long buffer) {
        long bytes = (long) shape.elements() * dtype.bytes();
        Resource resource = added("adopted tensor " + dtype + shape, buffer);
        return tensor(dtype, shape, new ClStorage(this, resource, bytes, true));
    }

    /**
     * A kernel of its own for the caller: setting arguments is not thread-safe, so plans do not share one.
     *
     * @param file stem of the file in {@code kernels/}
     */
    public ClKernel kernel(String file, String name, Map<String, String> defines) {
        StringBuilder options = new StringBuilder("-cl-std=CL1.2");
        new TreeMap<>(defines)
                .forEach((key, value) ->
                        options.append(" -D").append(key).append('=').append(value));
        synchronized (cl) {
            checkOpen();
            return kernel(name, programs.get(file, options.toString()));
        }
    }

    /**
     * A kernel of its own for the caller, of a program whose text is made.
     *
     * @param what the program, for people
     */
    public ClKernel kernel(String what, String source, String name, String options) {
        synchronized (cl) {
            checkOpen();
            return kernel(name, programs.get(what, source, options));
        }
    }

    private ClKernel kernel(String name, long program) {
        synchronized (cl) {
            long kernel = cl.createKernel(program, name);
            Resource resource = added("kernel " + name, kernel, false, cl::releaseKernel);
            try {
                return new ClKernel(this, resource, name, cl.kernelWorkGroup(kernel, device));
            } catch (RuntimeException e) {
                resource.close();
                throw e;
            }
        }
    }

    /** The text of a kernel file. */
    public static String source(String file) {
        return Programs.source(file);
    }

    @Override
    public void finish() {
        synchronized (cl) {
            cl.finish(queue());
        }
    }

    private void checkOpen() {
        if (natives.closed) {
            throw new IllegalStateException("device " + name() + " is closed");
        }
    }

    @Override
    public void close() {
        try {
            synchronized (cl) {
                if (putOff != null && !cl.isLost()) {
                    queue();
                }
            }
        } finally {
            natives.close();
            Reference.reachabilityFence(this);
        }
    }
}
