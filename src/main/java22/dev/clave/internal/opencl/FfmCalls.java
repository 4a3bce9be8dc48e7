package dev.clave.internal.opencl;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * OpenCL's functions, one method each, without checks. Handles, size_t and cl_ulong are longs, cl_int, cl_uint and
 * cl_bool ints, memory of ours a segment. Method handles are constants per signature and take the function's address, so
 * the compiler inlines them and still every instance may have a library of its own.
 */
final class FfmCalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle PLATFORMS = handle(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle DEVICES = handle(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle INFO = handle(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    private static final MethodHandle BUILD_INFO =
            handle(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
    private static final MethodHandle CONTEXT =
            handle(JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle QUEUE = handle(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final MethodHandle BUFFER = handle(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    private static final MethodHandle SUB_BUFFER = handle(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SOURCE = handle(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle BINARY =
            handle(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle BUILD = handle(JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle KERNEL = handle(JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    /** Critical: setting an argument never blocks, and the JVM may skip the thread's change of state. */
    private static final MethodHandle ARGUMENT = LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS), Linker.Option.critical(false));

    private static final MethodHandle ENQUEUE =
            handle(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);

    private static final MethodHandle TRANSFER =
            handle(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle MAP = handle(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS,
            ADDRESS);
    private static final MethodHandle UNMAP =
            handle(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle ONE = handle(JAVA_INT, JAVA_LONG);
    private static final MethodHandle WAIT = handle(JAVA_INT, JAVA_INT, ADDRESS);
    private static final int BLOCKING = 1;

    private final MemorySegment getPlatformIds;
    private final MemorySegment getPlatformInfo;
    private final MemorySegment getDeviceIds;
    private final MemorySegment getDeviceInfo;
    private final MemorySegment createContext;
    private final MemorySegment createCommandQueue;
    private final MemorySegment createBuffer;
    private final MemorySegment createSubBuffer;
    private final MemorySegment createProgramWithSource;
    private final MemorySegment buildProgram;
    private final MemorySegment getProgramBuildInfo;
    private final MemorySegment getProgramInfo;
    private final MemorySegment createProgramWithBinary;
    private final MemorySegment createKernel;
    private final MemorySegment getKernelWorkGroupInfo;
    private final MemorySegment setKernelArg;
    private final MemorySegment enqueueNdRangeKernel;
    private final MemorySegment enqueueWriteBuffer;
    private final MemorySegment enqueueReadBuffer;
    private final MemorySegment enqueueMapBuffer;
    private final MemorySegment enqueueUnmapMemObject;
    private final MemorySegment flush;
    private final MemorySegment finish;
    private final MemorySegment waitForEvents;
    private final MemorySegment getEventInfo;
    private final MemorySegment getContextInfo;
    private final MemorySegment getCommandQueueInfo;
    private final MemorySegment getMemObjectInfo;
    private final MemorySegment retainContext;
    private final MemorySegment retainCommandQueue;
    private final MemorySegment retainMemObject;
    private final MemorySegment retainEvent;
    private final MemorySegment releaseEvent;
    private final MemorySegment releaseMemObject;
    private final MemorySegment releaseKernel;
    private final MemorySegment releaseProgram;
    private final MemorySegment releaseCommandQueue;
    private final MemorySegment releaseContext;

    FfmCalls(SymbolLookup library) {
        getPlatformIds = FfmLibrary.function(library, "clGetPlatformIDs");
        getPlatformInfo = FfmLibrary.function(library, "clGetPlatformInfo");
        getDeviceIds = FfmLibrary.function(library, "clGetDeviceIDs");
        getDeviceInfo = FfmLibrary.function(library, "clGetDeviceInfo");
        createContext = FfmLibrary.function(library, "clCreateContext");
        createCommandQueue = FfmLibrary.function(library, "clCreateCommandQueue");
        createBuffer = FfmLibrary.function(library, "clCreateBuffer");
        createSubBuffer = FfmLibrary.function(library, "clCreateSubBuffer");
        createProgramWithSource = FfmLibrary.function(library, "clCreateProgramWithSource");
        buildProgram = FfmLibrary.function(library, "clBuildProgram");
        getProgramBuildInfo = FfmLibrary.function(library, "clGetProgramBuildInfo");
        getProgramInfo = FfmLibrary.function(library, "clGetProgramInfo");
        createProgramWithBinary = FfmLibrary.function(library, "clCreateProgramWithBinary");
        createKernel = FfmLibrary.function(library, "clCreateKernel");
        getKernelWorkGroupInfo = FfmLibrary.function(library, "clGetKernelWorkGroupInfo");
        setKernelArg = FfmLibrary.function(library, "clSetKernelArg");
        enqueueNdRangeKernel = FfmLibrary.function(library, "clEnqueueNDRangeKernel");
        enqueueWriteBuffer = FfmLibrary.function(library, "clEnqueueWriteBuffer");
        enqueueReadBuffer = FfmLibrary.function(library, "clEnqueueReadBuffer");
        enqueueMapBuffer = FfmLibrary.function(library, "clEnqueueMapBuffer");
        enqueueUnmapMemObject = FfmLibrary.function(library, "clEnqueueUnmapMemObject");
        flush = FfmLibrary.function(library, "clFlush");
        finish = FfmLibrary.function(library, "clFinish");
        waitForEvents = FfmLibrary.function(library, "clWaitForEvents");
        getEventInfo = FfmLibrary.function(library, "clGetEventInfo");
        getContextInfo = FfmLibrary.function(library, "clGetContextInfo");
        getCommandQueueInfo = FfmLibrary.function(library, "clGetCommandQueueInfo");
        getMemObjectInfo = FfmLibrary.function(library, "clGetMemObjectInfo");
        retainContext = FfmLibrary.function(library, "clRetainContext");
        retainCommandQueue = FfmLibrary.function(library, "clRetainCommandQueue");
        retainMemObject = FfmLibrary.function(library, "clRetainMemObject");
        retainEvent = FfmLibrary.function(library, "clRetainEvent");
        releaseEvent = FfmLibrary.function(library, "clReleaseEvent");
        releaseMemObject = FfmLibrary.function(library, "clReleaseMemObject");
        releaseKernel = FfmLibrary.function(library, "clReleaseKernel");
        releaseProgram = FfmLibrary.function(library, "clReleaseProgram");
        releaseCommandQueue = FfmLibrary.function(library, "clReleaseCommandQueue");
        releaseContext = FfmLibrary.function(library, "clReleaseContext");
    }

    private static MethodHandle handle(MemoryLayout result, MemoryLayout... parameters) {
        return LINKER.downcallHandle(FunctionDescriptor.of(result, parameters));
    }

    /** A call into C throws nothing of its own: what comes here is an error of the JVM or of ours. */
    static RuntimeException impossible(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        throw new IllegalStateException("a native call threw", e);
    }

    int clGetPlatformIDs(int entries, MemorySegment ids, MemorySegment count) {
        try {
            return (int) PLATFORMS.invokeExact(getPlatformIds, entries, ids, count);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clGetPlatformInfo(long platform, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        return info(getPlatformInfo, platform, parameter, bytes, value, size);
    }

    int clGetDeviceIDs(long platform, long type, int entries, MemorySegment ids, MemorySegment count) {
        try {
            return (int) DEVICES.invokeExact(getDeviceIds, platform, type, entries, ids, count);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clGetDeviceInfo(long device, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        return info(getDeviceInfo, device, parameter, bytes, value, size);
    }

    long clCreateContext(MemorySegment properties, int count, MemorySegment devices, MemorySegment status) {
        try {
            return (long) CONTEXT.invokeExact(createContext, properties, count, devices, NULL, NULL, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    long clCreateCommandQueue(long context, long device, long properties, MemorySegment status) {
        try {
            return (long) QUEUE.invokeExact(createCommandQueue, context, device, properties, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    long clCreateBuffer(long context, long flags, long bytes, MemorySegment status) {
        try {
            return (long) BUFFER.invokeExact(createBuffer, context, flags, bytes, NULL, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    long clCreateSubBuffer(long buffer, long flags, int type, MemorySegment region, MemorySegment status) {
        try {
            return (long) SUB_BUFFER.invokeExact(createSubBuffer, buffer, flags, type, region, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Texts end at their zero. */
    long clCreateProgramWithSource(long context, int count, MemorySegment texts, MemorySegment status) {
        try {
            return (long) SOURCE.invokeExact(createProgramWithSource, context, count, texts, NULL, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clBuildProgram(long program, int count, MemorySegment devices, MemorySegment options) {
        try {
            return (int) BUILD.invokeExact(buildProgram, program, count, devices, options, NULL, NULL);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clGetProgramBuildInfo(
            long program, long device, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        try {
            return (int) BUILD_INFO.invokeExact(getProgramBuildInfo, program, device, parameter, bytes, value, size);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clGetProgramInfo(long program, int parameter, long bytes, MemorySegment value) {
        try {
            return (int) INFO.invokeExact(getProgramInfo, program, parameter, bytes, value, NULL);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** For one device. */
    long clCreateProgramWithBinary(
            long context,
            MemorySegment device,
            MemorySegment length,
            MemorySegment binary,
            MemorySegment accepted,
            MemorySegment status) {
        try {
            return (long)
                    BINARY.invokeExact(createProgramWithBinary, context, 1, device, length, binary, accepted, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    long clCreateKernel(long program, MemorySegment name, MemorySegment status) {
        try {
            return (long) KERNEL.invokeExact(createKernel, program, name, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clGetKernelWorkGroupInfo(
            long kernel, long device, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        try {
            return (int) BUILD_INFO.invokeExact(getKernelWorkGroupInfo, kernel, device, parameter, bytes, value, size);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clSetKernelArg(long kernel, int index, long bytes, MemorySegment value) {
        try {
            return (int) ARGUMENT.invokeExact(setKernelArg, kernel, index, bytes, value);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** {@code events} of {@code after} are waited for; {@code event} receives the command's own unless it is NULL. */
    int clEnqueueNDRangeKernel(
            long queue,
            long kernel,
            int dimensions,
            MemorySegment global,
            MemorySegment local,
            int events,
            MemorySegment after,
            MemorySegment event) {
        try {
            return (int) ENQUEUE.invokeExact(
                    enqueueNdRangeKernel, queue, kernel, dimensions, NULL, global, local, events, after, event);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Blocking. */
    int clEnqueueWriteBuffer(long queue, long buffer, long offset, long bytes, MemorySegment host) {
        try {
            return (int) TRANSFER.invokeExact(
                    enqueueWriteBuffer, queue, buffer, BLOCKING, offset, bytes, host, 0, NULL, NULL);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Blocking. */
    int clEnqueueReadBuffer(long queue, long buffer, long offset, long bytes, MemorySegment host) {
        try {
            return (int) TRANSFER.invokeExact(
                    enqueueReadBuffer, queue, buffer, BLOCKING, offset, bytes, host, 0, NULL, NULL);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Returns at once. */
    int clEnqueueWriteBuffer(
            long queue,
            long buffer,
            long offset,
            long bytes,
            MemorySegment host,
            int events,
            MemorySegment after,
            MemorySegment event) {
        try {
            return (int) TRANSFER.invokeExact(
                    enqueueWriteBuffer, queue, buffer, 0, offset, bytes, host, events, after, event);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Returns at once. */
    int clEnqueueReadBuffer(
            long queue,
            long buffer,
            long offset,
            long bytes,
            MemorySegment host,
            int events,
            MemorySegment after,
            MemorySegment event) {
        try {
            return (int) TRANSFER.invokeExact(
                    enqueueReadBuffer, queue, buffer, 0, offset, bytes, host, events, after, event);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** Blocking; the address of the mapped bytes. */
    long clEnqueueMapBuffer(long queue, long buffer, long flags, long offset, long bytes, MemorySegment status) {
        try {
            return (long) MAP.invokeExact(
                    enqueueMapBuffer, queue, buffer, BLOCKING, flags, offset, bytes, 0, NULL, NULL, status);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clEnqueueUnmapMemObject(long queue, long buffer, long address) {
        try {
            return (int) UNMAP.invokeExact(enqueueUnmapMemObject, queue, buffer, address, 0, NULL, NULL);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clFlush(long queue) {
        return one(flush, queue);
    }

    int clWaitForEvents(int count, MemorySegment events) {
        try {
            return (int) WAIT.invokeExact(waitForEvents, count, events);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clGetEventInfo(long event, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        return info(getEventInfo, event, parameter, bytes, value, size);
    }

    int clGetContextInfo(long context, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        return info(getContextInfo, context, parameter, bytes, value, size);
    }

    int clGetCommandQueueInfo(long queue, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        return info(getCommandQueueInfo, queue, parameter, bytes, value, size);
    }

    int clGetMemObjectInfo(long buffer, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        return info(getMemObjectInfo, buffer, parameter, bytes, value, size);
    }

    private static int info(
            MemorySegment function, long object, int parameter, long bytes, MemorySegment value, MemorySegment size) {
        try {
            return (int) INFO.invokeExact(function, object, parameter, bytes, value, size);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clRetainContext(long context) {
        return one(retainContext, context);
    }

    int clRetainCommandQueue(long queue) {
        return one(retainCommandQueue, queue);
    }

    int clRetainMemObject(long buffer) {
        return one(retainMemObject, buffer);
    }

    int clRetainEvent(long event) {
        return one(retainEvent, event);
    }

    int clReleaseEvent(long event) {
        return one(releaseEvent, event);
    }

    int clFinish(long queue) {
        return one(finish, queue);
    }

    int clReleaseMemObject(long buffer) {
        return one(releaseMemObject, buffer);
    }

    int clReleaseKernel(long kernel) {
        return one(releaseKernel, kernel);
    }

    int clReleaseProgram(long program) {
        return one(releaseProgram, program);
    }

    int clReleaseCommandQueue(long queue) {
        return one(releaseCommandQueue, queue);
    }

    int clReleaseContext(long context) {
        return one(releaseContext, context);
    }

    private static int one(MemorySegment function, long handle) {
        try {
            return (int) ONE.invokeExact(function, handle);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }
}
