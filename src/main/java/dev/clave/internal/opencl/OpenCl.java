package dev.clave.internal.opencl;

/**
 * The seam: OpenCL on opaque handles. A handle is a number that only the binding understands; 0 is none. Every method
 * checks the status and throws {@link dev.clave.DeviceException} that names the call, the code's name and the code.
 * Constants are those of the OpenCL headers. An instance belongs to one device. Bindings are used by one thread at a time, for
 * they keep scratch memory so that setting an argument and enqueueing allocate nothing; {@link GuardedOpenCl} sees to that.
 */
interface OpenCl {
    int PLATFORM_VERSION = 0x0901;
    int PLATFORM_NAME = 0x0902;
    int DEVICE_TYPE = 0x1000;
    int DEVICE_TYPE_GPU = 1 << 2;
    int DEVICE_MAX_COMPUTE_UNITS = 0x1002;
    int DEVICE_MAX_WORK_GROUP_SIZE = 0x1004;
    int DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010;
    int DEVICE_GLOBAL_MEM_SIZE = 0x101F;
    int DEVICE_MEM_BASE_ADDR_ALIGN = 0x1019;
    int DEVICE_MAX_PARAMETER_SIZE = 0x1017;
    int DEVICE_LOCAL_MEM_SIZE = 0x1023;
    int DEVICE_NAME = 0x102B;
    int DRIVER_VERSION = 0x102D;
    int DEVICE_VERSION = 0x102F;
    int DEVICE_DOUBLE_FP_CONFIG = 0x1032;
    int DEVICE_NATIVE_VECTOR_WIDTH_FLOAT = 0x103A;
    int DEVICE_COMPILER_AVAILABLE = 0x1028;
    int DEVICE_OPENCL_C_VERSION = 0x103D;
    int DEVICE_ATOMIC_MEMORY_CAPABILITIES = 0x1063;
    int ATOMIC_ORDER_ACQ_REL = 1 << 1;
    int ATOMIC_SCOPE_DEVICE = 1 << 5;
    int KERNEL_WORK_GROUP_SIZE = 0x11B0;
    int CONTEXT_DEVICES = 0x1081;
    int QUEUE_CONTEXT = 0x1090;
    int QUEUE_DEVICE = 0x1091;
    int QUEUE_PROPERTIES = 0x1093;
    long QUEUE_OUT_OF_ORDER = 1;
    int MEM_TYPE = 0x1100;
    long MEM_TYPE_BUFFER = 0x10F0;
    int MEM_SIZE = 0x1102;
    int MEM_CONTEXT = 0x1106;
    int EVENT_CONTEXT = 0x11D4;
    /** Execution status of a command that is done; a larger one is still to come, a negative one an error. */
    int COMPLETE = 0;

    /** What a handle stands for, where it is not clear from the call. */
    enum Kind {
        CONTEXT("Context"),
        DEVICE("Device"),
        QUEUE("CommandQueue"),
        BUFFER("MemObject"),
        EVENT("Event");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** Name of the function that answers queries. */
        String infoCall() {
            return "clGet" + word + "Info";
        }

        /** Name of the function that adds a reference. */
        String retainCall() {
            return "clRetain" + word;
        }
    }

    /** Name of the binding: {@code jocl} or {@code ffm}. */
    String binding();

    /** Empty when no platform is installed. */
    long[] platforms();

    String platformString(long platform, int parameter);

    /** Empty when the platform has no device. */
    long[] devices(long platform);

    String deviceString(long device, int parameter);

    /** A parameter of up to eight bytes, zero-extended. */
    long deviceLong(long device, int parameter);

    long createContext(long platform, long device);

    /** An in-order queue. */
    long createQueue(long context, long device);

    long createBuffer(long context, long bytes);

    long createSubBuffer(long buffer, long firstByte, long bytes);

    /** Compiles and links; throws {@link BuildFailure} with the compiler's log. */
    long buildProgram(long context, long device, String source, String options);

    /** The program as the driver compiled it; empty when the driver has no such form. */
    byte[] programBinary(long program);

    /** A program of what {@link #programBinary} gave; throws {@link BuildFailure} when the driver refuses it. */
    long loadProgram(long context, long device, byte[] binary, String options);

    long createKernel(long program, String name);

    /** Most work-items of a work-group of this kernel (CL_KERNEL_WORK_GROUP_SIZE); at most the device's own limit. */
    long kernelWorkGroup(long kernel, long device);

    void setBuffer(long kernel, int index, long buffer);

    void setInt(long kernel, int index, int value);

    void setFloat(long kernel, int index, float value);

    void setDouble(long kernel, int index, double value);

    /** Both arrays have one element per dimension, one to three. */
    void enqueue(long queue, long kernel, long[] global, long[] local);

    /**
     * A launch that waits for events of its context.
     *
     * @param signal whether an event of its own is wanted, which the caller releases
     * @return the event, 0 when none is wanted
     */
    long enqueue(long queue, long kernel, long[] global, long[] local, long[] after, boolean signal);

    /**
     * Blocking; the caller has checked the range.
     *
     * @param at first byte of the buffer
     * @param host whatever {@link dev.clave.internal.HostMemory} knows
     * @param first first unit of the host's memory
     * @param count units, at least one
     */
    void write(long queue, long buffer, long at, Object host, long first, long count);

    /** Blocking; as {@link #write}. */
    void read(long queue, long buffer, long at, Object host, long first, long count);

    /** Blocking, from the buffer's start. */
    default void write(long queue, long buffer, Object array, int first, int count) {
        write(queue, buffer, 0, array, first, count);
    }

    /** Blocking, from the buffer's start. */
    default void read(long queue, long buffer, Object array, int first, int count) {
        read(queue, buffer, 0, array, first, count);
    }

    /**
     * Returns at once; the host's memory is direct and in native order, and stays as it is until the event is complete.
     *
     * @return the event, which the caller releases
     */
    long writeAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after);

    /** As {@link #writeAsync}. */
    long readAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after);

    /** Sees to it that what is enqueued begins: other queues may wait for it. */
    void flush(long queue);

    /** Execution status of an event's command, {@link #COMPLETE} when it is done. Any thread may call it at any time. */
    int eventStatus(long event);

    /**
     * Waits for an event; the exception has the status of its command. Any thread may call it at any time, and many at once; the
     * event is not released meanwhile.
     */
    void waitForEvent(long event);

    void finish(long queue);

    /** Takes an object of the host's, and adds a reference to it unless it is a device; it is released like one of ours. */
    long adopt(Kind kind, Object object);

    /** The object behind a handle as the host knows it: a Long over {@code ffm}, an object of JOCL's over {@code jocl}. */
    Object object(long handle);

    /** OpenCL's own pointer behind a handle. */
    long pointer(long handle);

    /** A parameter of an object: pointers or numbers, as many as there are. */
    long[] info(Kind kind, long handle, int parameter);

    /** The platform of a device. */
    long platformOf(long device);

    void releaseEvent(long event);

    void releaseBuffer(long buffer);

    void releaseKernel(long kernel);

    void releaseProgram(long program);

    void releaseQueue(long queue);

    void releaseContext(long context);

    /** The compiler refused a program. */
    final class BuildFailure extends RuntimeException {
        BuildFailure(String log) {
            super(log);
        }
    }
}
