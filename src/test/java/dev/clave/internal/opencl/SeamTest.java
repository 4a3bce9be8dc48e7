package dev.clave.internal.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DeviceException;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every call of the seam, over the binding that -Dclave.binding names. */
class SeamTest {
    private static final String SOURCE = "// caf\u00e9: text beyond ASCII does not shorten the program\n"
            + "#ifdef cl_khr_fp64\n"
            + "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
            + "#define WIDE double\n"
            + "#else\n"
            + "#define WIDE float\n"
            + "#endif\n"
            + "__kernel void combine(__global float *out, __global const float *in, int i, float f, WIDE d) {\n"
            + "  const size_t id = get_global_id(0) + get_global_size(0) * get_global_id(1);\n"
            + "  out[id] = in[id] * i + f + (float)d;\n"
            + "}\n"
            + "__kernel void where(__global int *out) {\n"
            + "  const size_t id = get_global_id(0) + get_global_size(0) * get_global_id(1);\n"
            + "  out[id] = (int)(get_local_size(0) * 1000000 + get_group_id(0) * 10000 + get_local_size(1) * 100\n"
            + "                  + get_group_id(1));\n"
            + "}\n";

    private OpenCl cl;
    private long platform;
    private long device;
    private long context;
    private long queue;

    @BeforeEach
    void open() {
        Bindings chosen = Bindings.choose(Bindings.wanted());
        cl = chosen.api();
        boolean found = cl != null && cl.platforms().length > 0;
        if (!found) {
            System.out.println("the seam is not tested here: " + chosen.report() + ", no OpenCL platform");
            assertEquals(null, System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
        Assumptions.assumeTrue(found, "no OpenCL platform");
        platform = cl.platforms()[0];
        device = cl.devices(platform)[0];
        context = cl.createContext(platform, device);
        queue = cl.createQueue(context, device);
    }

    @AfterEach
    void close() {
        if (queue != 0) {
            cl.releaseQueue(queue);
            cl.releaseContext(context);
        }
    }

    /** The run's set-up says which binding it is meant to test. */
    @Test
    void bindingIsTheOneExpected() {
        assertEquals(System.getProperty("clave.expected.binding", "jocl"), cl.binding());
    }

    @Test
    void namesAndLimits() {
        assertNotEquals("", cl.platformString(platform, OpenCl.PLATFORM_NAME));
        assertNotEquals("", cl.deviceString(device, OpenCl.DEVICE_NAME));
        assertEquals(1, cl.deviceLong(device, OpenCl.DEVICE_COMPILER_AVAILABLE));
        assertTrue(cl.deviceLong(device, OpenCl.DEVICE_MAX_WORK_GROUP_SIZE) >= 64);
        assertTrue(cl.deviceLong(device, OpenCl.DEVICE_GLOBAL_MEM_SIZE) > 1 << 20);
        failsWith("clGetDeviceInfo", "CL_INVALID_VALUE (-30)", () -> cl.deviceLong(device, 0x7777));
    }

    @Test
    void allKindsOfArgumentsReachTheKernel() {
        int count = 6;
        float[] in = {1, -2, 3, 4.5f, -0.25f, 1e6f};
        withKernel("combine", kernel -> {
            long out = cl.createBuffer(context, 4L * count);
            long input = cl.createBuffer(context, 4L * count);
            cl.write(queue, input, in, 0, count);
            cl.setBuffer(kernel, 0, out);
            cl.setBuffer(kernel, 1, input);
            cl.setInt(kernel, 2, -3);
            cl.setFloat(kernel, 3, 0.5f);
            if (cl.deviceLong(device, OpenCl.DEVICE_DOUBLE_FP_CONFIG) != 0) {
                cl.setDouble(kernel, 4, 0.125);
            } else {
                cl.setFloat(kernel, 4, 0.125f);
            }
            cl.enqueue(queue, kernel, new long[] {3, 2}, new long[] {3, 1});
            cl.finish(queue);
            float[] got = new float[count];
            cl.read(queue, out, got, 0, count);
            for (int i = 0; i < count; i++) {
                assertEquals(in[i] * -3 + 0.5f + 0.125f, got[i], Math.ulp(got[i]), "element " + i);
            }
            cl.releaseBuffer(out);
            cl.releaseBuffer(input);
        });
    }

    @Test
    void sizesOfALaunchArriveInTheirPlaces() {
        withKernel("where", kernel -> {
            long out = cl.createBuffer(context, 4L * 24);
            cl.setBuffer(kernel, 0, out);
            cl.enqueue(queue, kernel, new long[] {6, 4}, new long[] {3, 2});
            int[] got = new int[24];
            cl.read(queue, out, got, 0, 24);
            for (int i = 0; i < 24; i++) {
                int x = i % 6;
                int y = i / 6;
                assertEquals(3 * 1000000 + x / 3 * 10000 + 2 * 100 + y / 2, got[i]);
            }
            assertThrows(
                    IllegalArgumentException.class, () -> cl.enqueue(queue, kernel, new long[] {6, 4}, new long[] {3}));
            assertThrows(IllegalArgumentException.class, () -> cl.enqueue(queue, kernel, new long[4], new long[4]));
            cl.releaseBuffer(out);
        });
    }

    @Test
    void kernelsHaveLimitsOfTheirOwn() {
        withKernel("combine", kernel -> {
            long most = cl.kernelWorkGroup(kernel, device);
            assertTrue(most >= 1 && most <= cl.deviceLong(device, OpenCl.DEVICE_MAX_WORK_GROUP_SIZE), "" + most);
        });
    }

    @Test
    void wrongArgumentsAreRefusedByName() {
        withKernel("combine", kernel -> {
            long buffer = cl.createBuffer(context, 64);
            failsWith("clSetKernelArg 2", "CL_INVALID_ARG_SIZE (-51)", () -> cl.setDouble(kernel, 2, 1));
            failsWith("clSetKernelArg 0", "CL_INVALID_ARG_SIZE (-51)", () -> cl.setInt(kernel, 0, 1));
            failsWith("clSetKernelArg 3", "CL_INVALID_ARG_SIZE (-51)", () -> cl.setBuffer(kernel, 3, buffer));
            failsWith("clSetKernelArg 5", "CL_INVALID_ARG_INDEX (-49)", () -> cl.setInt(kernel, 5, 1));
            cl.releaseBuffer(buffer);
        });
    }

    @Test
    void failuresNameCallCodeAndNumber() {
        failsWith("clCreateBuffer of 0 bytes", "CL_INVALID_BUFFER_SIZE (-61)", () -> cl.createBuffer(context, 0));
        long buffer = cl.createBuffer(context, 256);
        failsWith("clCreateSubBuffer of 512 bytes at 0", " (-", () -> cl.createSubBuffer(buffer, 0, 512));
        failsWith(
                "clCreateSubBuffer of 4 bytes at 1",
                "CL_MISALIGNED_SUB_BUFFER_OFFSET (-13)",
                () -> cl.createSubBuffer(buffer, 1, 4));
        withKernel("where", kernel -> {
            cl.setBuffer(kernel, 0, buffer);
            failsWith(
                    "clEnqueueNDRangeKernel",
                    "CL_INVALID_WORK_GROUP_SIZE (-54)",
                    () -> cl.enqueue(queue, kernel, new long[] {6}, new long[] {4}));
        });
        cl.releaseBuffer(buffer);
        long program = cl.buildProgram(context, device, SOURCE, "");
        failsWith("clCreateKernel nosuch", "CL_INVALID_KERNEL_NAME (-46)", () -> cl.createKernel(program, "nosuch"));
        cl.releaseProgram(program);
    }

    @Test
    void compilerLogIsReported() {
        OpenCl.BuildFailure failure = assertThrows(
                OpenCl.BuildFailure.class,
                () -> cl.buildProgram(context, device, "__kernel void k() { undefined_name = 1; }", ""));
        assertTrue(failure.getMessage().startsWith("CL_BUILD_PROGRAM_FAILURE"), failure.getMessage());
        assertTrue(failure.getMessage().contains("undefined_name"), failure.getMessage());
    }

    /** A program given back by the driver computes the same; what is no program is refused, not run. */
    @Test
    void programsSurviveAsBinaries() {
        long program = cl.buildProgram(context, device, SOURCE, "-cl-std=CL1.2");
        byte[] binary = cl.programBinary(program);
        cl.releaseProgram(program);
        assertTrue(binary.length > 0, "this driver hands out programs");
        long loaded = cl.loadProgram(context, device, binary, "-cl-std=CL1.2");
        long kernel = cl.createKernel(loaded, "where");
        long out = cl.createBuffer(context, 4L * 6);
        cl.setBuffer(kernel, 0, out);
        cl.enqueue(queue, kernel, new long[] {6, 1}, new long[] {3, 1});
        int[] got = new int[6];
        cl.read(queue, out, got, 0, 6);
        assertEquals(3 * 1000000 + 10000 + 100, got[5]);
        cl.releaseBuffer(out);
        cl.releaseKernel(kernel);
        cl.releaseProgram(loaded);
        assertThrows(
                RuntimeException.class,
                () -> cl.loadProgram(context, device, "no program".getBytes(StandardCharsets.UTF_8), ""));
    }

    @Test
    void subBuffersShareMemory() {
        long alignment = Math.max(64, cl.deviceLong(device, OpenCl.DEVICE_MEM_BASE_ADDR_ALIGN) / 8);
        long buffer = cl.createBuffer(context, 2 * alignment);
        long part = cl.createSubBuffer(buffer, alignment, alignment);
        cl.write(queue, part, new int[] {7, 8}, 0, 2);
        int[] got = new int[(int) alignment / 4 + 2];
        cl.read(queue, buffer, got, 0, got.length);
        assertEquals(7, got[got.length - 2]);
        assertEquals(8, got[got.length - 1]);
        cl.releaseBuffer(part);
        cl.releaseBuffer(buffer);
    }

    /** Around the sizes at which a transfer is cut into pieces, of every type, from an offset. */
    @Test
    void transfersOfEverySizeAndTypeComeBack() {
        allTransfers();
        assertThrows(IllegalArgumentException.class, () -> cl.write(queue, 0, new short[4], 0, 4));
    }

    /** As on a device with memory of its own. */
    @Test
    void transfersWithoutMappingComeBack() {
        String before = System.setProperty("clave.opencl.map", "false");
        try {
            close();
            open();
            allTransfers();
        } finally {
            if (before == null) {
                System.clearProperty("clave.opencl.map");
            } else {
                System.setProperty("clave.opencl.map", before);
            }
        }
    }

    private void allTransfers() {
        int mega = 1 << 20;
        for (int bytes : new int[] {8, 4088, 4096, 4104, 65528, 65536, mega - 8, mega, mega + 8, 3 * mega + 16}) {
            transfers(new byte[bytes + 5], bytes, 1);
            transfers(new int[bytes / 4 + 5], bytes, 4);
            transfers(new float[bytes / 4 + 5], bytes, 4);
            transfers(new double[bytes / 8 + 5], bytes, 8);
        }
    }

    private void transfers(Object array, int bytes, int size) {
        int length = Array.getLength(array);
        int count = bytes / size;
        Random random = new Random(bytes + size);
        for (int i = 0; i < length; i++) {
            set(array, i, random.nextInt());
        }
        long buffer = cl.createBuffer(context, bytes);
        cl.write(queue, buffer, array, 3, count);
        Object got = Array.newInstance(array.getClass().getComponentType(), length);
        cl.read(queue, buffer, got, 2, count);
        cl.releaseBuffer(buffer);
        Object expected = Array.newInstance(array.getClass().getComponentType(), length);
        System.arraycopy(array, 3, expected, 2, count);
        String what = array.getClass().getSimpleName() + " of " + bytes + " bytes";
        if (array instanceof byte[] values) {
            assertArrayEquals((byte[]) expected, (byte[]) got, what + values.length);
        } else if (array instanceof int[]) {
            assertArrayEquals((int[]) expected, (int[]) got, what);
        } else if (array instanceof float[]) {
            assertArrayEquals((float[]) expected, (float[]) got, what);
        } else {
            assertArrayEquals((double[]) expected, (double[]) got, what);
        }
    }

    private static void set(Object array, int index, int value) {
        if (array instanceof byte[] bytes) {
            bytes[index] = (byte) value;
        } else if (array instanceof int[] ints) {
            ints[index] = value;
        } else if (array instanceof float[] floats) {
            floats[index] = value;
        } else {
            ((double[]) array)[index] = value * 1e100;
        }
    }

    private static FloatBuffer direct(float... values) {
        return ByteBuffer.allocateDirect(4 * values.length)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer()
                .put(0, values);
    }

    @Test
    void transfersBeginWhereTheyAreToldTo() {
        long buffer = cl.createBuffer(context, 32);
        cl.write(queue, buffer, new float[8], 0, 8);
        cl.write(queue, buffer, 8, new float[] {1, 2, 3}, 1, 2);
        cl.write(queue, buffer, 20, direct(4, 5, 6, 7), 1, 3);
        FloatBuffer got = direct(new float[4]);
        cl.read(queue, buffer, 8, got, 1, 3);
        assertEquals(FloatBuffer.wrap(new float[] {0, 2, 3, 0}), got);
        float[] all = new float[8];
        cl.read(queue, buffer, 0, all, 0, 8);
        assertArrayEquals(new float[] {0, 0, 2, 3, 0, 5, 6, 7}, all);
        failsWith("clEnqueueReadBuffer", "CL_INVALID_VALUE (-30)", () -> cl.read(queue, buffer, 28, all, 0, 8));
        cl.releaseBuffer(buffer);
    }

    @Test
    void commandsHaveEventsAndWaitForThem() {
        long other = cl.createQueue(context, device);
        withKernel("where", kernel -> {
            long out = cl.createBuffer(context, 4L * 6);
            cl.setBuffer(kernel, 0, out);
            long launched = cl.enqueue(queue, kernel, new long[] {6, 1}, new long[] {3, 1}, new long[0], true);
            cl.flush(queue);
            IntBuffer got =
                    ByteBuffer.allocateDirect(24).order(ByteOrder.nativeOrder()).asIntBuffer();
            long read = cl.readAsync(other, out, 0, got, 0, 6, new long[] {launched});
            cl.flush(other);
            cl.waitForEvent(read);
            assertEquals(OpenCl.COMPLETE, cl.eventStatus(read));
            assertEquals(OpenCl.COMPLETE, cl.eventStatus(launched));
            assertEquals(3 * 1000000 + 10000 + 100, got.get(5));
            got.put(5, -7);
            long written = cl.writeAsync(other, out, 20, got, 5, 1, new long[] {read, launched});
            cl.flush(other);
            assertEquals(
                    0, cl.enqueue(queue, kernel, new long[] {3, 1}, new long[] {3, 1}, new long[] {written}, false));
            cl.finish(queue);
            int[] last = new int[1];
            cl.read(queue, out, 20, last, 0, 1);
            assertEquals(-7, last[0]);
            for (long event : new long[] {launched, read, written}) {
                cl.releaseEvent(event);
            }
            cl.releaseBuffer(out);
        });
        cl.releaseQueue(other);
    }

    @Test
    void objectsGoOutAndComeBack() {
        long buffer = cl.createBuffer(context, 256);
        long same = cl.adopt(OpenCl.Kind.BUFFER, cl.object(buffer));
        assertEquals(cl.pointer(buffer), cl.pointer(same));
        assertEquals(256, cl.info(OpenCl.Kind.BUFFER, same, OpenCl.MEM_SIZE)[0]);
        assertEquals(OpenCl.MEM_TYPE_BUFFER, cl.info(OpenCl.Kind.BUFFER, same, OpenCl.MEM_TYPE)[0]);
        assertEquals(cl.pointer(context), cl.info(OpenCl.Kind.BUFFER, same, OpenCl.MEM_CONTEXT)[0]);
        cl.releaseBuffer(same);
        cl.write(queue, buffer, new int[] {1, 2}, 0, 2);
        cl.releaseBuffer(buffer);
        long again = cl.adopt(OpenCl.Kind.QUEUE, cl.object(queue));
        assertEquals(cl.pointer(context), cl.info(OpenCl.Kind.QUEUE, again, OpenCl.QUEUE_CONTEXT)[0]);
        assertEquals(cl.pointer(device), cl.info(OpenCl.Kind.QUEUE, again, OpenCl.QUEUE_DEVICE)[0]);
        assertEquals(0, cl.info(OpenCl.Kind.QUEUE, again, OpenCl.QUEUE_PROPERTIES)[0] & OpenCl.QUEUE_OUT_OF_ORDER);
        cl.releaseQueue(again);
        long known = cl.adopt(OpenCl.Kind.DEVICE, cl.object(device));
        long shared = cl.adopt(OpenCl.Kind.CONTEXT, cl.object(context));
        assertArrayEquals(new long[] {cl.pointer(known)}, cl.info(OpenCl.Kind.CONTEXT, shared, OpenCl.CONTEXT_DEVICES));
        assertEquals(
                cl.platformString(platform, OpenCl.PLATFORM_NAME),
                cl.platformString(cl.platformOf(known), OpenCl.PLATFORM_NAME));
        cl.releaseContext(shared);
        assertThrows(IllegalArgumentException.class, () -> cl.adopt(OpenCl.Kind.BUFFER, "text"));
        failsWith("clGetCommandQueueInfo", "CL_INVALID_VALUE (-30)", () -> cl.info(OpenCl.Kind.QUEUE, queue, 0x7777));
    }

    private void withKernel(String name, Consumer<Long> body) {
        long program = cl.buildProgram(context, device, SOURCE, "-cl-std=CL1.2");
        long kernel = cl.createKernel(program, name);
        body.accept(kernel);
        cl.releaseKernel(kernel);
        cl.releaseProgram(program);
    }

    private static void failsWith(String call, String code, Executable body) {
        String message = assertThrows(DeviceException.class, body).getMessage();
        assertTrue(message.startsWith(call + " failed with ") && message.contains(code), message);
    }
}
