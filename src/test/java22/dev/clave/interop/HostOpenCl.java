package dev.clave.interop;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;

/** An application's own OpenCL over java.lang.foreign, written without any class of ours. */
public final class HostOpenCl {
    private static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup("libOpenCL.so.1", Arena.global());

    private HostOpenCl() {}

    /** Calls a function with longs, ints and memory. */
    static Object call(MemoryLayout result, String name, Object... arguments) {
        List<MemoryLayout> layouts = new ArrayList<>();
        for (Object argument : arguments) {
            layouts.add(argument instanceof Long ? JAVA_LONG : argument instanceof Integer ? JAVA_INT : ADDRESS);
        }
        try {
            return Linker.nativeLinker()
                    .downcallHandle(
                            LIBRARY.find(name).orElseThrow(),
                            FunctionDescriptor.of(result, layouts.toArray(MemoryLayout[]::new)))
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new AssertionError(name, e);
        }
    }

    static void check(String name, Object... arguments) {
        int status = (int) call(JAVA_INT, name, arguments);
        if (status != 0) {
            throw new AssertionError(name + " gave " + status);
        }
    }

    /** The first platform's first device, 0 for none. */
    public static long device() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment id = arena.allocate(JAVA_LONG);
            if ((int) call(JAVA_INT, "clGetPlatformIDs", 1, id, NULL) != 0) {
                return 0;
            }
            long platform = id.get(JAVA_LONG, 0);
            int status = (int) call(JAVA_INT, "clGetDeviceIDs", platform, 0xFFFFFFFFL, 1, id, NULL);
            return status == 0 ? id.get(JAVA_LONG, 0) : 0;
        }
    }

    /** A context of it. */
    public static long context(long device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment devices = arena.allocateFrom(JAVA_LONG, device);
            return (long) call(JAVA_LONG, "clCreateContext", NULL, 1, devices, NULL, NULL, NULL);
        }
    }

    /** A queue of it. */
    public static long queue(long context, long device, long properties) {
        return (long) call(JAVA_LONG, "clCreateCommandQueue", context, device, properties, NULL);
    }

    /** A buffer of it. */
    public static long buffer(long context, long bytes) {
        return (long) call(JAVA_LONG, "clCreateBuffer", context, 1L, bytes, NULL, NULL);
    }

    /** Writes, and waits. */
    public static void write(long queue, long buffer, float[] values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(JAVA_FLOAT, values);
            check("clEnqueueWriteBuffer", queue, buffer, 1, 0L, memory.byteSize(), memory, 0, NULL, NULL);
        }
    }

    /** Reads, and waits. */
    public static float[] read(long queue, long buffer, int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(JAVA_FLOAT, count);
            check("clEnqueueReadBuffer", queue, buffer, 1, 0L, memory.byteSize(), memory, 0, NULL, NULL);
            return memory.toArray(JAVA_FLOAT);
        }
    }

    static int reference(String call, long object, int parameter) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            check(call, object, parameter, 4L, count, NULL);
            return count.get(JAVA_INT, 0);
        }
    }

    static void waitFor(long event) {
        try (Arena arena = Arena.ofConfined()) {
            check("clWaitForEvents", 1, arena.allocateFrom(JAVA_LONG, event));
        }
    }
}
