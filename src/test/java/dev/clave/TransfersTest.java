package dev.clave;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What goes between the host's memory and a tensor, on every device. */
class TransfersTest {
    /** More than one piece of the memory that copies go through, and no whole number of them. */
    private static final int LARGE = 3 * (1 << 20) / 4 + 37;

    private static final ByteOrder[] ORDERS = {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN};

    private static float[] floats(int count) {
        Random random = new Random(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() * 4 - 2;
        }
        return values;
    }

    private static String refused(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }

    @Test
    void rangesOfArraysOfEveryType() {
        EveryDevice.each(device -> {
            try (Tensor real = device.allocate(DType.F32, Shape.of(3, 5));
                    Tensor whole = device.allocate(DType.I32, Shape.of(7));
                    Tensor bytes = device.allocate(DType.U8, Shape.of(9))) {
                float[] into = new float[15];
                real.write(new float[15]).write(4, new float[] {9, 1, 2, 3, 9}, 1, 3);
                real.read(into);
                assertArrayEquals(new float[] {0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0}, into);
                float[] part = {7, 7, 7, 7};
                real.read(5, part, 1, 2);
                assertArrayEquals(new float[] {7, 2, 3, 7}, part);
                int[] ints = new int[7];
                whole.write(1, 2, 3, 4, 5, 6, 7)
                        .write(5, new int[] {-1, -2}, 0, 2)
                        .read(ints);
                assertArrayEquals(new int[] {1, 2, 3, 4, 5, -1, -2}, ints);
                byte[] octets = new byte[9];
                bytes.write(new byte[9]).write(8, new byte[] {1, -128}, 1, 1).read(octets);
                assertEquals(-128, octets[8]);
                bytes.read(7, octets, 0, 2);
                assertArrayEquals(new byte[] {0, -128}, new byte[] {octets[0], octets[1]});
            }
            if (device.info().fp64()) {
                try (Tensor wide = device.allocate(DType.F64, Shape.of(4))) {
                    double[] into = new double[4];
                    wide.write(1.0, 2.0, 3.0, 4.0)
                            .write(1, new double[] {0, -0.125}, 1, 1)
                            .read(into);
                    assertArrayEquals(new double[] {1, -0.125, 3, 4}, into);
                    wide.read(3, into, 0, 1);
                    assertEquals(4, into[0]);
                }
            }
        });
    }

    /** The same values in every kind of FloatBuffer there is. */
    private static List<FloatBuffer> floatBuffers(int count) {
        List<FloatBuffer> all = new ArrayList<>();
        all.add(FloatBuffer.allocate(count));
        all.add(FloatBuffer.wrap(new float[count + 7], 3, count));
        for (ByteOrder order : ORDERS) {
            all.add(ByteBuffer.allocateDirect(4 * count).order(order).asFloatBuffer());
            all.add(ByteBuffer.allocateDirect(4 * count + 20)
                    .order(order)
                    .asFloatBuffer()
                    .position(2)
                    .limit(count + 2));
            // A heap buffer whose numbers are not aligned, and which shows no array.
            all.add(ByteBuffer.allocate(4 * count + 3).position(3).order(order).asFloatBuffer());
        }
        return all;
    }

    @Test
    void floatBuffersOfEveryKindInBothOrders() {
        EveryDevice.each(device -> {
            for (int count : new int[] {1, 1000, LARGE}) {
                float[] values = floats(count);
                try (Tensor tensor = device.allocate(DType.F32, Shape.of(count))) {
                    for (FloatBuffer buffer : floatBuffers(count)) {
                        int position = buffer.position();
                        buffer.put(position, values);
                        tensor.write(new float[count]).write(buffer);
                        assertArrayEquals(values, tensor.readFloats(), String.valueOf(buffer));
                        tensor.write(new float[count]).write(buffer.asReadOnlyBuffer());
                        assertArrayEquals(values, tensor.readFloats(), "read-only " + buffer);
                        buffer.put(position, new float[count]);
                        tensor.read(buffer);
                        float[] got = new float[count];
                        buffer.get(position, got);
                        assertArrayEquals(values, got, String.valueOf(buffer));
                        assertEquals(position, buffer.position(), "the position stays");
                        assertEquals(count, buffer.remaining());
                    }
                }
            }
        });
    }

    @Test
    void byteBuffersHoldEveryTypeInTheirOrder() {
        EveryDevice.each(device -> {
            for (ByteOrder order : ORDERS) {
                for (boolean direct : new boolean[] {true, false}) {
                    ByteBuffer bytes = (direct ? ByteBuffer.allocateDirect(40) : ByteBuffer.allocate(40)).order(order);
                    bytes.position(3).limit(3 + 32);
                    bytes.putFloat(7, 1.5f).putFloat(31, -3e-3f);
                    try (Tensor real = device.allocate(DType.F32, Shape.of(8));
                            Tensor ints = device.allocate(DType.I32, Shape.of(8));
                            Tensor octets = device.allocate(DType.U8, Shape.of(32))) {
                        assertArrayEquals(
                                new float[] {0, 1.5f, 0, 0, 0, 0, 0, -3e-3f},
                                real.write(bytes).readFloats());
                        bytes.putInt(7, 0x01020304);
                        assertEquals(0x01020304, ints.write(bytes).readInts()[1]);
                        int octet = order == ByteOrder.BIG_ENDIAN ? 1 : 4;
                        assertEquals(octet, octets.write(bytes).readBytes()[4]);
                        ints.write(0, 0, 0, 0, 0, 0, 0, 0x0a0b0c0d).read(bytes);
                        assertEquals(0x0a0b0c0d, bytes.getInt(31));
                        real.write(0f, 0f, 2f, 0f, 0f, 0f, 0f, 0f).read(bytes);
                        assertEquals(2f, bytes.getFloat(11));
                        real.read(2, bytes.position(31));
                        assertEquals(2f, bytes.getFloat(31));
                        assertEquals(31, bytes.position());
                    }
                    bytes.position(3);
                    if (device.info().fp64()) {
                        try (Tensor wide = device.allocate(DType.F64, Shape.of(4))) {
                            bytes.putDouble(27, Math.PI);
                            assertEquals(Math.PI, wide.write(bytes).readDoubles()[3]);
                            wide.write(0.0, Math.E, 0.0, 0.0).read(bytes);
                            assertEquals(Math.E, bytes.getDouble(11));
                        }
                    }
                }
            }
        });
    }

    @Test
    void otherTypedBuffers() {
        EveryDevice.each(device -> {
            for (ByteOrder order : ORDERS) {
                IntBuffer ints =
                        ByteBuffer.allocateDirect(12).order(order).asIntBuffer().put(0, new int[] {1, -2, 3});
                DoubleBuffer wide = DoubleBuffer.wrap(new double[] {0.1, 0.2});
                try (Tensor whole = device.allocate(DType.I32, Shape.of(3))) {
                    assertArrayEquals(new int[] {1, -2, 3}, whole.write(ints).readInts());
                    whole.write(4, 5, 6).read(ints);
                    assertEquals(6, ints.get(2));
                }
                if (device.info().fp64()) {
                    try (Tensor real = device.allocate(DType.F64, Shape.of(2))) {
                        assertArrayEquals(
                                new double[] {0.1, 0.2}, real.write(wide).readDoubles());
                        real.write(1.0, 2.0).read(wide);
                        assertEquals(2.0, wide.get(1));
                        wide.put(0, 0.1).put(1, 0.2);
                    }
                }
            }
        });
    }

    @Test
    void viewsTakeBuffersToo() {
        EveryDevice.each(device -> {
            int first = Math.max(64, device.viewAlignment());
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(first + 3)).write(new float[first + 3]);
                    Tensor view = tensor.view(first, Shape.of(3));
                    Tensor whole = tensor.view(0, tensor.shape())) {
                FloatBuffer two = FloatBuffer.wrap(new float[] {5, 6});
                view.write(1, two);
                whole.write(0, two);
                assertArrayEquals(new float[] {0, 5, 6}, view.readFloats());
                assertEquals(6, tensor.readFloats()[1]);
                view.read(0, two);
                assertEquals(5, two.get(1));
            }
        });
    }

    @Test
    void whatDoesNotFitIsRefused() {
        EveryDevice.each(device -> {
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(2, 3)).write(1f, 2f, 3f, 4f, 5f, 6f)) {
                assertEquals("write: tensor [2, 3] holds 6 values, got 5", refused(() -> tensor.write(floatBuffer(5))));
                assertEquals("read: tensor [2, 3] holds 6 values, got 7", refused(() -> tensor.read(new float[7])));
                assertTrue(
                        refused(() -> tensor.write(IntBuffer.allocate(6))).contains("takes a ByteBuffer or the typed"));
                assertTrue(refused(() -> tensor.read(CharBuffer.allocate(6))).contains("F32"));
                assertTrue(refused(() -> tensor.write(ByteBuffer.allocate(23))).contains("no whole number of F32"));
                assertTrue(refused(() -> tensor.read(floatBuffer(6).asReadOnlyBuffer()))
                        .contains("read-only"));
                assertTrue(refused(() -> tensor.write(5, new float[4], 1, 2)).contains("leave tensor [2, 3] of 6"));
                assertTrue(refused(() -> tensor.write(-1, new float[4], 1, 2)).contains("from element -1"));
                assertTrue(refused(() -> tensor.read(0, new float[4], 3, 2)).contains("leave an array of 4"));
                assertTrue(refused(() -> tensor.read(Integer.MAX_VALUE, floatBuffer(1)))
                        .contains("leave tensor"));
                assertTrue(refused(() -> tensor.read(new int[6])).contains("needs a tensor of I32"));
                assertTrue(refused(() -> tensor.writeSegment("text")).contains("MemorySegment"), "no segment");
                assertTrue(refused(() -> tensor.writeAsync(floatBuffer(6))).contains("outside the Java heap"));
                FloatBuffer swapped =
                        ByteBuffer.allocateDirect(24).order(other()).asFloatBuffer();
                assertTrue(refused(() -> tensor.readAsync(swapped)).contains("native byte order"));
                ByteBuffer bytes = ByteBuffer.allocateDirect(24).order(other());
                assertTrue(refused(() -> tensor.readAsync(bytes)).contains("native byte order"));
                assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, tensor.readFloats(), "nothing was written");
            }
        });
    }

    private static ByteOrder other() {
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    }

    private static FloatBuffer floatBuffer(int count) {
        return FloatBuffer.allocate(count);
    }

    @Test
    void nothingFitsAClosedTensor() {
        EveryDevice.each(device -> {
            Tensor tensor = device.allocate(DType.F32, Shape.of(2));
            tensor.close();
            Buffer direct =
                    ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).asFloatBuffer();
            for (Executable call : List.<Executable>of(
                    () -> tensor.read(new float[2]),
                    () -> tensor.write(0, new float[2], 0, 1),
                    () -> tensor.write(direct),
                    () -> tensor.read(0, direct),
                    () -> tensor.writeAsync(direct),
                    () -> tensor.readAsync(direct))) {
                String message = assertThrows(IllegalStateException.class, call).getMessage();
                assertTrue(message.contains("tensor F32[2]") && message.contains("closed"), message);
            }
        });
    }

    /** What a call takes of the Java heap once it is compiled, whatever the tensor's size. */
    @Test
    void transfersTakeNoHeap() {
        EveryDevice.each(device -> {
            // The second is copied into mapped memory where there is such.
            for (int count : new int[] {256, 1 << 15}) {
                float[] values = floats(count);
                int warm = 1000;
                ByteBuffer memory = ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder());
                FloatBuffer direct = memory.asFloatBuffer();
                FloatBuffer heap = FloatBuffer.wrap(values);
                FloatBuffer swapped =
                        ByteBuffer.allocateDirect(4 * count).order(other()).asFloatBuffer();
                try (Tensor tensor = device.allocate(DType.F32, Shape.of(count))) {
                    takesNoHeap(
                            device, warm, "float[]", () -> tensor.write(values).read(values));
                    takesNoHeap(
                            device,
                            warm,
                            "a range",
                            () -> tensor.write(1, values, 1, count - 1).read(1, values, 1, count - 1));
                    takesNoHeap(
                            device,
                            warm,
                            "direct FloatBuffer",
                            () -> tensor.write(direct).read(direct));
                    takesNoHeap(
                            device,
                            warm,
                            "direct ByteBuffer",
                            () -> tensor.write(memory).read(memory));
                    takesNoHeap(
                            device,
                            warm,
                            "heap FloatBuffer",
                            () -> tensor.write(heap).read(heap));
                    takesNoHeap(
                            device,
                            warm,
                            "FloatBuffer in the other order",
                            () -> tensor.write(swapped).read(swapped));
                }
            }
        });
    }

    private static void takesNoHeap(Device device, int warm, String what, Runnable pair) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        // Compilation comes when it comes, and allocates nothing afterwards.
        for (int attempt = 0; attempt < 20 && least > 0; attempt++) {
            for (int i = 0; i < warm; i++) {
                pair.run();
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10; i++) {
                pair.run();
            }
            least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 10);
        }
        System.out.println(what + ": " + least + " bytes of heap for a write and a read on " + device.name() + "|"
                + device.info().binding());
        assertTrue(least <= 0, what + " took " + least + " bytes on " + device.name());
    }
}
