package dev.clave.internal.opencl;

import dev.clave.internal.HostMemory;
import java.nio.charset.StandardCharsets;
import org.jocl.CL;
import org.jocl.NativePointerObject;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_buffer_region;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;
import org.jspecify.annotations.Nullable;

/** The seam over JOCL (JNI). With {@link JoclTransfers} and the public JoclInterop the only class that imports {@code org.jocl}. */
final class JoclOpenCl implements OpenCl {
    /** A cl_bitfield of 64 bits. JOCL's constant is the int -1: passed on as all 64 bits, rusticl refuses it with -31. */
    private static final long DEVICE_TYPE_ALL = 0xFFFFFFFFL;

    private final JoclHandles handles = new JoclHandles();
    private final JoclTransfers transfers = new JoclTransfers();
    // One cell per kind of argument: the pointer is made once, its content changes.
    private final int[] intCell = new int[1];
    private final float[] floatCell = new float[1];
    private final double[] doubleCell = new double[1];
    private final cl_mem[] bufferCell = new cl_mem[1];
    private final Pointer intPointer = Pointer.to(intCell);
    private final Pointer floatPointer = Pointer.to(floatCell);
    private final Pointer doublePointer = Pointer.to(doubleCell);
    private final Pointer bufferPointer = Pointer.to(bufferCell);

    /** Loads JOCL's native part; throws {@link LinkageError} when it or the OpenCL loader is missing. */
    JoclOpenCl() {
        // JOCL extracts its library to one fixed name otherwise, which races between processes.
        if (System.getProperty("uniqueLibraryNames") == null) {
            System.setProperty("uniqueLibraryNames", "true");
        }
        CL.setExceptionsEnabled(false);
    }

    @Override
    public String binding() {
        return "jocl";
    }

    @Override
    public long[] platforms() {
        int[] count = new int[1];
        int status = CL.clGetPlatformIDs(0, null, count);
        if (status == Status.PLATFORM_NOT_FOUND_KHR) {
            return new long[0];
        }
        Status.check("clGetPlatformIDs", status);
        cl_platform_id[] ids = new cl_platform_id[count[0]];
        if (ids.length > 0) {
            Status.check("clGetPlatformIDs", CL.clGetPlatformIDs(ids.length, ids, null));
        }
        return numbered(ids);
    }

    private long[] numbered(Object[] objects) {
        long[] numbers = new long[objects.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = handles.add(objects[i]);
        }
        return numbers;
    }

    @Override
    public String platformString(long platform, int parameter) {
        cl_platform_id id = handles.get(platform, cl_platform_id.class);
        return text(
                "clGetPlatformInfo", (bytes, value, size) -> CL.clGetPlatformInfo(id, parameter, bytes, value, size));
    }

    /** One of the queries that answer with a size first and the text then. */
    private interface Query {
        int ask(long bytes, @Nullable Pointer value, long @Nullable [] size);
    }

    private static String text(String call, Query query) {
        long[] size = new long[1];
        Status.check(call, query.ask(0, null, size));
        byte[] text = new byte[Math.toIntExact(size[0])];
        if (text.length > 0) {
            Status.check(call, query.ask(text.length, Pointer.to(text), null));
        }
        return new String(text, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    @Override
    public long[] devices(long platform) {
        cl_platform_id id = handles.get(platform, cl_platform_id.class);
        int[] count = new int[1];
        int status = CL.clGetDeviceIDs(id, DEVICE_TYPE_ALL, 0, null, count);
        if (status == Status.DEVICE_NOT_FOUND) {
            return new long[0];
        }
        Status.check("clGetDeviceIDs", status);
        cl_device_id[] ids = new cl_device_id[count[0]];
        if (ids.length > 0) {
            Status.check("clGetDeviceIDs", CL.clGetDeviceIDs(id, DEVICE_TYPE_ALL, ids.length, ids, null));
        }
        return numbered(ids);
    }

    @Override
    public String deviceString(long device, int parameter) {
        cl_device_id id = device(device);
        return text("clGetDeviceInfo", (bytes, value, size) -> CL.clGetDeviceInfo(id, parameter, bytes, value, size));
    }

    @Override
    public long deviceLong(long device, int parameter) {
        long[] value = new long[1];
        Status.check("clGetDeviceInfo", CL.clGetDeviceInfo(device(device), parameter, 8, Pointer.to(value), null));
        return value[0];
    }

    private cl_device_id device(long device) {
        return handles.get(device, cl_device_id.class);
    }

    @Override
    public long createContext(long platform, long device) {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, handles.get(platform, cl_platform_id.class));
        int[] status = new int[1];
        cl_context context = CL.clCreateContext(properties, 1, new cl_device_id[] {device(device)}, null, null, status);
        Status.check("clCreateContext", status[0]);
        return handles.add(context);
    }

    @Override
    @SuppressWarnings("deprecation") // clCreateCommandQueueWithProperties is OpenCL 2.0; we ask for 1.2.
    public long createQueue(long context, long device) {
        int[] status = new int[1];
        cl_command_queue queue = CL.clCreateCommandQueue(context(context), device(device), 0, status);
        Status.check("clCreateCommandQueue", status[0]);
        return handles.add(queue);
    }

    private cl_context context(long context) {
        return handles.get(context, cl_context.class);
    }

    @Override
    public long createBuffer(long context, long bytes) {
        int[] status = new int[1];
        cl_mem buffer = CL.clCreateBuffer(context(context), CL.CL_MEM_READ_WRITE, bytes, null, status);
        Status.check("clCreateBuffer of " + bytes + " bytes", status[0]);
        return handles.add(buffer);
    }

    @Override
    public long createSubBuffer(long buffer, long firstByte, long bytes) {
        int[] status = new int[1];
        cl_mem part = CL.clCreateSubBuffer(
                buffer(buffer),
                CL.CL_MEM_READ_WRITE,
                CL.CL_BUFFER_CREATE_TYPE_REGION,
                new cl_buffer_region(firstByte, bytes),
                status);
        Status.check("clCreateSubBuffer of " + bytes + " bytes at " + firstByte, status[0]);
        return handles.add(part);
    }

    private cl_mem buffer(long buffer) {
        return handles.get(buffer, cl_mem.class);
    }

    @Override
    public long buildProgram(long context, long device, String source, String options) {
        int[] status = new int[1];
        // Without lengths the text ends at its zero, so characters beyond ASCII do not shorten it.
        cl_program program = CL.clCreateProgramWithSource(context(context), 1, new String[] {source}, null, status);
        Status.check("clCreateProgramWithSource", status[0]);
        return built(program, device(device), options);
    }

    private long built(cl_program program, cl_device_id id, String options) {
        int built = CL.clBuildProgram(program, 1, new cl_device_id[] {id}, options, null, null);
        if (built == Status.SUCCESS) {
            return handles.add(program);
        }
        try {
            String log = text(
                    "clGetProgramBuildInfo",
                    (bytes, value, size) ->
                            CL.clGetProgramBuildInfo(program, id, CL.CL_PROGRAM_BUILD_LOG, bytes, value, size));
            throw new BuildFailure(Status.name(built) + "\n" + log);
        } finally {
            CL.clReleaseProgram(program);
        }
    }

    @Override
    public byte[] programBinary(long program) {
        cl_program id = handles.get(program, cl_program.class);
        long[] size = new long[1];
        Status.check(
                "clGetProgramInfo",
                CL.clGetProgramInfo(id, CL.CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null));
        byte[] binary = new byte[Math.toIntExact(size[0])];
        if (binary.length > 0) {
            Status.check(
                    "clGetProgramInfo",
                    CL.clGetProgramInfo(
                            id, CL.CL_PROGRAM_BINARIES, Sizeof.POINTER, Pointer.to(Pointer.to(binary)), null));
        }
        return binary;
    }

    @Override
    public long loadProgram(long context, long device, byte[] binary, String options) {
        int[] accepted = new int[1];
        int[] status = new int[1];
        cl_device_id id = device(device);
        cl_program program = CL.clCreateProgramWithBinary(
                context(context),
                1,
                new cl_device_id[] {id},
                new long[] {binary.length},
                new byte[][] {binary},
                accepted,
                status);
        int refused = status[0] == Status.SUCCESS ? accepted[0] : status[0];
        if (refused != Status.SUCCESS) {
            throw new BuildFailure("clCreateProgramWithBinary: " + Status.name(refused));
        }
        return built(program, id, options);
    }

    @Override
    public long createKernel(long program, String name) {
        int[] status = new int[1];
        cl_kernel kernel = CL.clCreateKernel(handles.get(program, cl_program.class), name, status);
        Status.check("clCreateKernel " + name, status[0]);
        return handles.add(kernel);
    }

    @Override
    public long kernelWorkGroup(long kernel, long device) {
        long[] value = new long[1];
        Status.check(
                "clGetKernelWorkGroupInfo",
                CL.clGetKernelWorkGroupInfo(
                        kernel(kernel),
                        device(device),
                        KERNEL_WORK_GROUP_SIZE,
                        Sizeof.size_t,
                        Pointer.to(value),
                        null));
        return value[0];
    }

    private void setArgument(long kernel, int index, long bytes, Pointer value) {
        int status = CL.clSetKernelArg(kernel(kernel), index, bytes, value);
        if (status != Status.SUCCESS) {
            throw Status.argumentFailed(index, status);
        }
    }

    private cl_kernel kernel(long kernel) {
        return handles.get(kernel, cl_kernel.class);
    }

    @Override
    public void setBuffer(long kernel, int index, long buffer) {
        bufferCell[0] = buffer(buffer);
        setArgument(kernel, index, Sizeof.cl_mem, bufferPointer);
    }

    @Override
    public void setInt(long kernel, int index, int value) {
        intCell[0] = value;
        setArgument(kernel, index, 4, intPointer);
    }

    @Override
    public void setFloat(long kernel, int index, float value) {
        floatCell[0] = value;
        setArgument(kernel, index, 4, floatPointer);
    }

    @Override
    public void setDouble(long kernel, int index, double value) {
        doubleCell[0] = value;
        setArgument(kernel, index, 8, doublePointer);
    }

    @Override
    public void enqueue(long queue, long kernel, long[] global, long[] local) {
        LaunchRange.checkRange(global, local);
        Status.check(
                "clEnqueueNDRangeKernel",
                CL.clEnqueueNDRangeKernel(
                        queue(queue), kernel(kernel), global.length, null, global, local, 0, null, null));
    }

    private cl_command_queue queue(long queue) {
        return handles.get(queue, cl_command_queue.class);
    }

    @Override
    public long enqueue(long queue, long kernel, long[] global, long[] local, long[] after, boolean signal) {
        LaunchRange.checkRange(global, local);
        cl_event event = signal ? new cl_event() : null;
        Status.check(
                "clEnqueueNDRangeKernel",
                CL.clEnqueueNDRangeKernel(
                        queue(queue),
                        kernel(kernel),
                        global.length,
                        null,
                        global,
                        local,
                        after.length,
                        events(after),
                        event));
        return event == null ? 0 : handles.add(event);
    }

    private cl_event @Nullable [] events(long[] after) {
        if (after.length == 0) {
            return null;
        }
        cl_event[] events = new cl_event[after.length];
        for (int i = 0; i < events.length; i++) {
            events[i] = event(after[i]);
        }
        return events;
    }

    private cl_event event(long event) {
        return handles.get(event, cl_event.class);
    }

    @Override
    public void write(long queue, long buffer, long at, Object host, long first, long count) {
        HostMemory.unit(host);
        transfers.write(queue(queue), buffer(buffer), at, host, first, count);
    }

    @Override
    public void read(long queue, long buffer, long at, Object host, long first, long count) {
        HostMemory.unit(host);
        transfers.read(queue(queue), buffer(buffer), at, host, first, count);
    }

    @Override
    public long writeAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        cl_event event = new cl_event();
        Pointer memory = transfers.memory(host, first, count);
        long bytes = count * HostMemory.unit(host);
        Status.check(
                "clEnqueueWriteBuffer",
                CL.clEnqueueWriteBuffer(
                        queue(queue), buffer(buffer), false, at, bytes, memory, after.length, events(after), event));
        return handles.add(event);
    }

    @Override
    public long readAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        cl_event event = new cl_event();
        Pointer memory = transfers.memory(host, first, count);
        long bytes = count * HostMemory.unit(host);
        Status.check(
                "clEnqueueReadBuffer",
                CL.clEnqueueReadBuffer(
                        queue(queue), buffer(buffer), false, at, bytes, memory, after.length, events(after), event));
        return handles.add(event);
    }

    @Override
    public void flush(long queue) {
        Status.check("clFlush", CL.clFlush(queue(queue)));
    }

    @Override
    public int eventStatus(long event) {
        return status(event(event));
    }

    private static int status(cl_event event) {
        int[] status = new int[1];
        Status.check(
                "clGetEventInfo",
                CL.clGetEventInfo(event, CL.CL_EVENT_COMMAND_EXECUTION_STATUS, 4, Pointer.to(status), null));
        return status[0];
    }

    @Override
    public void waitForEvent(long event) {
        cl_event own = event(event);
        int waited = CL.clWaitForEvents(1, new cl_event[] {own});
        Status.checkWaited(waited, waited == Status.SUCCESS ? OpenCl.COMPLETE : status(own));
    }

    @Override
    public long adopt(Kind kind, Object object) {
        if (object instanceof NativePointerObject pointer && pointer.getNativePointer() == 0) {
            throw new IllegalArgumentException(object + " was never created, or points nowhere");
        }
        int status;
        if (kind == Kind.DEVICE && object instanceof cl_device_id) {
            status = Status.SUCCESS;
        } else if (kind == Kind.CONTEXT && object instanceof cl_context context) {
            status = CL.clRetainContext(context);
        } else if (kind == Kind.QUEUE && object instanceof cl_command_queue queue) {
            status = CL.clRetainCommandQueue(queue);
        } else if (kind == Kind.BUFFER && object instanceof cl_mem buffer) {
            status = CL.clRetainMemObject(buffer);
        } else if (kind == Kind.EVENT && object instanceof cl_event event) {
            status = CL.clRetainEvent(event);
        } else {
            throw new IllegalArgumentException(object + " is none of JOCL's objects for " + kind);
        }
        Status.check(kind.retainCall(), status);
        return handles.add(object);
    }

    @Override
    public Object object(long handle) {
        return handles.get(handle, Object.class);
    }

    @Override
    public long pointer(long handle) {
        return handles.get(handle, NativePointerObject.class).getNativePointer();
    }

    @Override
    public long[] info(Kind kind, long handle, int parameter) {
        long[] size = new long[1];
        Status.check(kind.infoCall(), ask(kind, handle, parameter, 0, null, size));
        // Whole words, zeroed: a number may be shorter.
        long[] values = new long[Math.toIntExact((size[0] + 7) / 8)];
        if (values.length > 0) {
            Status.check(kind.infoCall(), ask(kind, handle, parameter, size[0], Pointer.to(values), null));
        }
        return values;
    }

    private int ask(
            Kind kind, long handle, int parameter, long bytes, @Nullable Pointer value, long @Nullable [] size) {
        return switch (kind) {
            case CONTEXT -> CL.clGetContextInfo(context(handle), parameter, bytes, value, size);
            case DEVICE -> CL.clGetDeviceInfo(device(handle), parameter, bytes, value, size);
            case QUEUE -> CL.clGetCommandQueueInfo(queue(handle), parameter, bytes, value, size);
            case BUFFER -> CL.clGetMemObjectInfo(buffer(handle), parameter, bytes, value, size);
            case EVENT -> CL.clGetEventInfo(event(handle), parameter, bytes, value, size);
        };
    }

    @Override
    public long platformOf(long device) {
        cl_platform_id platform = new cl_platform_id();
        Status.check(
                "clGetDeviceInfo",
                CL.clGetDeviceInfo(device(device), CL.CL_DEVICE_PLATFORM, Sizeof.POINTER, Pointer.to(platform), null));
        return handles.add(platform);
    }

    @Override
    public void finish(long queue) {
        Status.check("clFinish", CL.clFinish(queue(queue)));
    }

    @Override
    public void releaseEvent(long event) {
        Status.check("clReleaseEvent", CL.clReleaseEvent(handles.remove(event, cl_event.class)));
    }

    @Override
    public void releaseBuffer(long buffer) {
        Status.check("clReleaseMemObject", CL.clReleaseMemObject(handles.remove(buffer, cl_mem.class)));
    }

    @Override
    public void releaseKernel(long kernel) {
        Status.check("clReleaseKernel", CL.clReleaseKernel(handles.remove(kernel, cl_kernel.class)));
    }

    @Override
    public void releaseProgram(long program) {
        Status.check("clReleaseProgram", CL.clReleaseProgram(handles.remove(program, cl_program.class)));
    }

    @Override
    public void releaseQueue(long queue) {
        Status.check("clReleaseCommandQueue", CL.clReleaseCommandQueue(handles.remove(queue, cl_command_queue.class)));
    }

    @Override
    public void releaseContext(long context) {
        Status.check("clReleaseContext", CL.clReleaseContext(handles.remove(context, cl_context.class)));
    }
}
