package embedding;

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
import java.util.Arrays;

/** An application's own OpenCL over java.lang.foreign: context, queue and buffers, with no class of Clave's. */
final class FfmHost {
    private static final SymbolLookup OPENCL = SymbolLookup.libraryLookup("libOpenCL.so.1", Arena.global());

    final long device;
    final long context;
    final long queue;
    final long input;
    final long weight;
    final long bias;
    final long output;
    final long gradOutput;
    final long gradInput;
    final long gradWeight;
    final long gradBias;

    FfmHost(Values values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment id = arena.allocate(JAVA_LONG);
            check("clGetPlatformIDs", 1, id, NULL);
            check("clGetDeviceIDs", id.get(JAVA_LONG, 0), 0xFFFFFFFFL, 1, id, NULL);
            device = id.get(JAVA_LONG, 0);
            context = (long) call(JAVA_LONG, "clCreateContext", NULL, 1, id, NULL, NULL, NULL);
            queue = (long) call(JAVA_LONG, "clCreateCommandQueue", context, device, 0L, NULL);
            input = buffer(arena, values.input());
            weight = buffer(arena, values.weight());
            bias = buffer(arena, values.bias());
            gradOutput = buffer(arena, values.gradOutput());
            output = buffer(arena, new float[values.gradOutput().length]);
            gradInput = buffer(arena, new float[values.input().length]);
            gradWeight = buffer(arena, new float[values.weight().length]);
            gradBias = buffer(arena, new float[values.bias().length]);
        }
    }

    private static Object call(MemoryLayout result, String name, Object... arguments) {
        MemoryLayout[] layouts = Arrays.stream(arguments)
                .map(a -> a instanceof Long ? JAVA_LONG : a instanceof Integer ? JAVA_INT : ADDRESS)
                .toArray(MemoryLayout[]::new);
        try {
            return Linker.nativeLinker()
                    .downcallHandle(OPENCL.find(name).orElseThrow(), FunctionDescriptor.of(result, layouts))
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }

    private static void check(String name, Object... arguments) {
        int status = (int) call(JAVA_INT, name, arguments);
        if (status != 0) {
            throw new IllegalStateException(name + " gave " + status);
        }
    }

    private long buffer(Arena arena, float[] values) {
        long flags = 1 | 1 << 5; // CL_MEM_READ_WRITE, CL_MEM_COPY_HOST_PTR
        MemorySegment memory = arena.allocateFrom(JAVA_FLOAT, values);
        return (long) call(JAVA_LONG, "clCreateBuffer", context, flags, memory.byteSize(), memory, NULL);
    }

    void waitFor(long event) {
        try (Arena arena = Arena.ofConfined()) {
            check("clWaitForEvents", 1, arena.allocateFrom(JAVA_LONG, event));
        }
    }

    Results results(Values values) {
        return new Results(
                read(output, values.gradOutput().length),
                read(gradInput, values.input().length),
                read(gradWeight, values.weight().length),
                read(gradBias, values.bias().length));
    }

    private float[] read(long buffer, int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(JAVA_FLOAT, count);
            check("clEnqueueReadBuffer", queue, buffer, 1, 0L, memory.byteSize(), memory, 0, NULL, NULL);
            return memory.toArray(JAVA_FLOAT);
        }
    }
}
