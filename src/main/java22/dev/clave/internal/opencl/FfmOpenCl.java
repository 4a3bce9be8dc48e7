package dev.clave.internal.opencl;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The seam over java.lang.foreign. A handle is OpenCL's own pointer. */
final class FfmOpenCl implements OpenCl {
    private static final long DEVICE_TYPE_ALL = 0xFFFFFFFFL;
    private static final long CONTEXT_PLATFORM = 0x1084;
    private static final long MEM_READ_WRITE = 1;
    private static final int BUFFER_CREATE_TYPE_REGION = 0x1220;
    private static final int DEVICE_PLATFORM = 0x1031;
    private static final int DEVICE_HOST_UNIFIED_MEMORY = 0x1035;
    private static final int PROGRAM_BINARY_SIZES = 0x1165;
    private static final int PROGRAM_BINARIES = 0x1166;
    private static final int PROGRAM_BUILD_LOG = 0x1183;
    private static final int EVENT_COMMAND_EXECUTION_STATUS = 0x11D3;

    private final FfmCalls calls;
    private final FfmSignals signals;
    private final FfmTransfers transfers;
    // Scratch for the calls of a step; the garbage collector frees it with this object.
    private final MemorySegment value = Arena.ofAuto().allocate(JAVA_LONG);
    private final MemorySegment global = Arena.ofAuto().allocate(JAVA_LONG, 3);
    private final MemorySegment local = Arena.ofAuto().allocate(JAVA_LONG, 3);

    FfmOpenCl(FfmCalls calls, FfmSignals signals) {
        this.calls = calls;
        this.signals = signals;
        this.transfers = new FfmTransfers(calls);
    }

    @Override
    public String binding() {
        return "ffm";
    }

    @Override
    public long[] platforms() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            int status = calls.clGetPlatformIDs(0, NULL, count);
            if (status == Status.PLATFORM_NOT_FOUND_KHR) {
                return new long[0];
            }
            Status.check("clGetPlatformIDs", status);
            int entries = count.get(JAVA_INT, 0);
            if (entries == 0) {
                return new long[0];
            }
            MemorySegment ids = arena.allocate(JAVA_LONG, entries);
            Status.check("clGetPlatformIDs", calls.clGetPlatformIDs(entries, ids, NULL));
            return ids.toArray(JAVA_LONG);
        } finally {
            signals.restore();
        }
    }

    @Override
    public String platformString(long platform, int parameter) {
        return text(
                "clGetPlatformInfo",
                (bytes, text, size) -> calls.clGetPlatformInfo(platform, parameter, bytes, text, size));
    }

    /** One of the queries that answer with a size first and the text then. */
    private interface Query {
        int ask(long bytes, MemorySegment text, MemorySegment size);
    }

    private static String text(String call, Query query) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            Status.check(call, query.ask(0, NULL, size));
            MemorySegment text = arena.allocate(size.get(JAVA_LONG, 0) + 1);
            if (text.byteSize() > 1) {
                Status.check(call, query.ask(text.byteSize() - 1, text, NULL));
            }
            return new String(text.toArray(JAVA_BYTE), StandardCharsets.UTF_8)
                    .replace("\0", "")
                    .strip();
        }
    }

    @Override
    public long[] devices(long platform) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            int status = calls.clGetDeviceIDs(platform, DEVICE_TYPE_ALL, 0, NULL, count);
            if (status == Status.DEVICE_NOT_FOUND) {
                return new long[0];
            }
            Status.check("clGetDeviceIDs", status);
            int entries = count.get(JAVA_INT, 0);
            if (entries == 0) {
                return new long[0];
            }
            MemorySegment ids = arena.allocate(JAVA_LONG, entries);
            Status.check("clGetDeviceIDs", calls.clGetDeviceIDs(platform, DEVICE_TYPE_ALL, entries, ids, NULL));
            return ids.toArray(JAVA_LONG);
        } finally {
            signals.restore();
        }
    }

    @Override
    public String deviceString(long device, int parameter) {
        return text(
                "clGetDeviceInfo", (bytes, text, size) -> calls.clGetDeviceInfo(device, parameter, bytes, text, size));
    }

    @Override
    public long deviceLong(long device, int parameter) {
        value.set(JAVA_LONG, 0, 0);
        Status.check("clGetDeviceInfo", calls.clGetDeviceInfo(device, parameter, 8, value, NULL));
        return value.get(JAVA_LONG, 0);
    }

    @Override
    public long createContext(long platform, long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment properties = arena.allocateFrom(JAVA_LONG, CONTEXT_PLATFORM, platform, 0);
            MemorySegment devices = arena.allocateFrom(JAVA_LONG, device);
            MemorySegment status = arena.allocate(JAVA_INT);
            long context = calls.clCreateContext(properties, 1, devices, status);
            return checked("clCreateContext", context, status);
        } finally {
            signals.restore();
            signals.settle();
        }
    }

    private static long checked(String call, long handle, MemorySegment status) {
        Status.check(call, status.get(JAVA_INT, 0));
        return handle;
    }

    @Override
    public long createQueue(long context, long device) {
        mapping(device);
        return checked("clCreateCommandQueue", calls.clCreateCommandQueue(context, device, 0, value), value);
    }

    private void mapping(long device) {
        boolean allowed = !System.getProperty(FfmTransfers.MAP_PROPERTY, "true").equals("false");
        transfers.mapping(allowed && deviceLong(device, DEVICE_HOST_UNIFIED_MEMORY) != 0);
    }

    @Override
    public long createBuffer(long context, long bytes) {
        long buffer = calls.clCreateBuffer(context, MEM_READ_WRITE, bytes, value);
        return checked("clCreateBuffer of " + bytes + " bytes", buffer, value);
    }

    @Override
    public long createSubBuffer(long buffer, long firstByte, long bytes) {
        global.setAtIndex(JAVA_LONG, 0, firstByte);
        global.setAtIndex(JAVA_LONG, 1, bytes);
        long part = calls.clCreateSubBuffer(buffer, MEM_READ_WRITE, BUFFER_CREATE_TYPE_REGION, global, value);
        return checked("clCreateSubBuffer of " + bytes + " bytes at " + firstByte, part, value);
    }

    @Override
    public long buildProgram(long context, long device, String source, String options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment texts = arena.allocateFrom(ADDRESS, arena.allocateFrom(source));
            long program = checked(
                    "clCreateProgramWithSource", calls.clCreateProgramWithSource(context, 1, texts, value), value);
            return built(arena, program, device, options);
        }
    }

    private long built(Arena arena, long program, long device, String options) {
        MemorySegment devices = arena.allocateFrom(JAVA_LONG, device);
        int built = calls.clBuildProgram(program, 1, devices, arena.allocateFrom(options));
        signals.restore(); // the compiler's
        if (built == Status.SUCCESS) {
            return program;
        }
        try {
            String log = text(
                    "clGetProgramBuildInfo",
                    (bytes, text, size) ->
                            calls.clGetProgramBuildInfo(program, device, PROGRAM_BUILD_LOG, bytes, text, size));
            throw new BuildFailure(Status.name(built) + "\n" + log);
        } finally {
            calls.clReleaseProgram(program);
        }
    }

    @Override
    public byte[] programBinary(long program) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            Status.check("clGetProgramInfo", calls.clGetProgramInfo(program, PROGRAM_BINARY_SIZES, 8, size));
            long bytes = size.get(JAVA_LONG, 0);
            if (bytes == 0) {
                return new byte[0];
            }
            MemorySegment binary = arena.allocate(bytes);
            MemorySegment binaries = arena.allocateFrom(ADDRESS, binary);
            Status.check("clGetProgramInfo", calls.clGetProgramInfo(program, PROGRAM_BINARIES, 8, binaries));
            return binary.toArray(JAVA_BYTE);
        }
    }

    @Override
    public long loadProgram(long context, long device, byte[] binary, String options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment accepted = arena.allocate(JAVA_INT);
            MemorySegment status = arena.allocate(JAVA_INT);
            long program = calls.clCreateProgramWithBinary(
                    context,
                    arena.allocateFrom(JAVA_LONG, device),
                    arena.allocateFrom(JAVA_LONG, binary.length),
                    arena.allocateFrom(ADDRESS, arena.allocateFrom(JAVA_BYTE, binary)),
                    accepted,
                    status);
            int refused = status.get(JAVA_INT, 0);
            if (refused == Status.SUCCESS) {
                refused = accepted.get(JAVA_INT, 0);
            }
            if (refused != Status.SUCCESS) {
                throw new BuildFailure("clCreateProgramWithBinary: " + Status.name(refused));
            }
            return built(arena, program, device, options);
        }
    }

    @Override
    public long createKernel(long program, String name) {
        try (Arena arena = Arena.ofConfined()) {
            return checked(
                    "clCreateKernel " + name, calls.clCreateKernel(program, arena.allocateFrom(name), value), value);
        }
    }

    @Override
    public long kernelWorkGroup(long kernel, long device) {
        value.set(JAVA_LONG, 0, 0);
        Status.check(
                "clGetKernelWorkGroupInfo",
                calls.clGetKernelWorkGroupInfo(kernel, device, KERNEL_WORK_GROUP_SIZE, 8, value, NULL));
        return value.get(JAVA_LONG, 0);
    }

    private void setArgument(long kernel, int index, long bytes) {
        int status = calls.clSetKernelArg(kernel, index, bytes, value);
        if (status != Status.SUCCESS) {
            throw Status.argumentFailed(index, status);
        }
    }

    @Override
    public void setBuffer(long kernel, int index, long buffer) {
        value.set(JAVA_LONG, 0, buffer);
        setArgument(kernel, index, 8);
    }

    @Override
    public void setInt(long kernel, int index, int number) {
        value.set(JAVA_INT, 0, number);
        setArgument(kernel, index, 4);
    }

    @Override
    public void setFloat(long kernel, int index, float number) {
        value.set(JAVA_FLOAT, 0, number);
        setArgument(kernel, index, 4);
    }

    @Override
    public void setDouble(long kernel, int index, double number) {
        value.set(JAVA_DOUBLE, 0, number);
        setArgument(kernel, index, 8);
    }

    @Override
    public void enqueue(long queue, long kernel, long[] globalSize, long[] localSize) {
        enqueue(queue, kernel, globalSize, localSize, 0, NULL, NULL);
    }

    private void enqueue(
            long queue,
            long kernel,
            long[] globalSize,
            long[] localSize,
            int events,
            MemorySegment after,
            MemorySegment event) {
        LaunchRange.checkRange(globalSize, localSize);
        for (int i = 0; i < globalSize.length; i++) {
            global.setAtIndex(JAVA_LONG, i, globalSize[i]);
            local.setAtIndex(JAVA_LONG, i, localSize[i]);
        }
        Status.check(
                "clEnqueueNDRangeKernel",
                calls.clEnqueueNDRangeKernel(queue, kernel, globalSize.length, global, local, events, after, event));
    }

    @Override
    public long enqueue(long queue, long kernel, long[] globalSize, long[] localSize, long[] after, boolean signal) {
        try (Arena arena = Arena.ofConfined()) {
            value.set(JAVA_LONG, 0, 0);
            enqueue(queue, kernel, globalSize, localSize, after.length, events(arena, after), signal ? value : NULL);
            return value.get(JAVA_LONG, 0);
        }
    }

    private static MemorySegment events(Arena arena, long[] after) {
        return after.length == 0 ? NULL : arena.allocateFrom(JAVA_LONG, after);
    }

    @Override
    public void write(long queue, long buffer, long at, Object host, long first, long count) {
        transfers.write(queue, buffer, at, host, first, count);
    }

    @Override
    public void read(long queue, long buffer, long at, Object host, long first, long count) {
        transfers.read(queue, buffer, at, host, first, count);
    }

    @Override
    public long writeAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = transfers.part(host, first, count);
            MemorySegment waits = events(arena, after);
            Status.check(
                    "clEnqueueWriteBuffer",
                    calls.clEnqueueWriteBuffer(
                            queue, buffer, at, memory.byteSize(), memory, after.length, waits, value));
            return value.get(JAVA_LONG, 0);
        }
    }

    @Override
    public long readAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = transfers.part(host, first, count);
            MemorySegment waits = events(arena, after);
            Status.check(
                    "clEnqueueReadBuffer",
                    calls.clEnqueueReadBuffer(
                            queue, buffer, at, memory.byteSize(), memory, after.length, waits, value));
            return value.get(JAVA_LONG, 0);
        }
    }

    @Override
    public void flush(long queue) {
        Status.check("clFlush", calls.clFlush(queue));
    }

    // The two below have memory of their own: they may run beside any other call.

    @Override
    public int eventStatus(long event) {
        try (Arena arena = Arena.ofConfined()) {
            return eventStatus(event, arena.allocate(JAVA_INT));
        }
    }

    private int eventStatus(long event, MemorySegment cell) {
        Status.check("clGetEventInfo", calls.clGetEventInfo(event, EVENT_COMMAND_EXECUTION_STATUS, 4, cell, NULL));
        return cell.get(JAVA_INT, 0);
    }

    @Override
    public void waitForEvent(long event) {
        try (Arena arena = Arena.ofConfined()) {
            int waited = calls.clWaitForEvents(1, arena.allocateFrom(JAVA_LONG, event));
            Status.checkWaited(
                    waited, waited == Status.SUCCESS ? COMPLETE : eventStatus(event, arena.allocate(JAVA_INT)));
        }
    }

    @Override
    public long adopt(Kind kind, Object object) {
        if (!(object instanceof Long handle) || handle == 0) {
            throw new IllegalArgumentException("a pointer of OpenCL's is wanted for " + kind + ", got " + object);
        }
        int status = switch (kind) {
            case DEVICE -> Status.SUCCESS;
            case CONTEXT -> calls.clRetainContext(handle);
            case QUEUE -> calls.clRetainCommandQueue(handle);
            case BUFFER -> calls.clRetainMemObject(handle);
            case EVENT -> calls.clRetainEvent(handle);
        };
        Status.check(kind.retainCall(), status);
        if (kind == Kind.CONTEXT) {
            signals.settle(); // the runtime was at work before we looked
        } else if (kind == Kind.QUEUE) {
            mapping(info(kind, handle, QUEUE_DEVICE)[0]);
        }
        return handle;
    }

    @Override
    public Object object(long handle) {
        return handle;
    }

    @Override
    public long pointer(long handle) {
        return handle;
    }

    @Override
    public long[] info(Kind kind, long handle, int parameter) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            Status.check(kind.infoCall(), ask(kind, handle, parameter, 0, NULL, size));
            // Whole words, zeroed: a number may be shorter.
            long bytes = size.get(JAVA_LONG, 0);
            MemorySegment values = arena.allocate(JAVA_LONG, (bytes + 7) / 8);
            if (bytes > 0) {
                Status.check(kind.infoCall(), ask(kind, handle, parameter, bytes, values, NULL));
            }
            return values.toArray(JAVA_LONG);
        }
    }

    private int ask(Kind kind, long handle, int parameter, long bytes, MemorySegment answer, MemorySegment size) {
        return switch (kind) {
            case CONTEXT -> calls.clGetContextInfo(handle, parameter, bytes, answer, size);
            case DEVICE -> calls.clGetDeviceInfo(handle, parameter, bytes, answer, size);
            case QUEUE -> calls.clGetCommandQueueInfo(handle, parameter, bytes, answer, size);
            case BUFFER -> calls.clGetMemObjectInfo(handle, parameter, bytes, answer, size);
            case EVENT -> calls.clGetEventInfo(handle, parameter, bytes, answer, size);
        };
    }

    @Override
    public long platformOf(long device) {
        return deviceLong(device, DEVICE_PLATFORM);
    }

    @Override
    public void finish(long queue) {
        Status.check("clFinish", calls.clFinish(queue));
    }

    @Override
    public void releaseEvent(long event) {
        Status.check("clReleaseEvent", calls.clReleaseEvent(event));
    }

    @Override
    public void releaseBuffer(long buffer) {
        Status.check("clReleaseMemObject", calls.clReleaseMemObject(buffer));
    }

    @Override
    public void releaseKernel(long kernel) {
        Status.check("clReleaseKernel", calls.clReleaseKernel(kernel));
    }

    @Override
    public void releaseProgram(long program) {
        Status.check("clReleaseProgram", calls.clReleaseProgram(program));
    }

    @Override
    public void releaseQueue(long queue) {
        Status.check("clReleaseCommandQueue", calls.clReleaseCommandQueue(queue));
    }

    @Override
    public void releaseContext(long context) {
        Status.check("clReleaseContext", calls.clReleaseContext(context));
    }
}
