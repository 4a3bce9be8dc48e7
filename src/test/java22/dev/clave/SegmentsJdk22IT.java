package dev.clave;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Memory segments, over every binding and on the CPU; against the packaged jar. */
class SegmentsJdk22IT {
    private static final int LARGE = 3 * (1 << 20) / 4 + 37;

    private static float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i * 0.25f - 3;
        }
        return values;
    }

    private interface Body {
        void accept(Device device, Arena arena);
    }

    private static void each(Body body) {
        for (String binding : List.of("ffm", "jocl")) {
            try (Arena arena = Arena.ofConfined();
                    Device device = Device.open("auto", binding)) {
                if (!device.isOpenCl()) {
                    System.out.println("no OpenCL device, tested on the CPU alone");
                    assertEquals(null, System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
                }
                body.accept(device, arena);
            }
        }
        try (Arena arena = Arena.ofConfined();
                Device device = Device.cpu()) {
            body.accept(device, arena);
        }
    }

    private static List<MemorySegment> segments(Arena arena, int count) {
        return List.of(
                arena.allocate(4L * count, 64),
                arena.allocate(4L * count + 2).asSlice(1, 4L * count),
                MemorySegment.ofArray(new float[count]),
                MemorySegment.ofArray(new int[count + 2]).asSlice(8),
                MemorySegment.ofArray(new byte[4 * count + 1]).asSlice(1));
    }

    @Test
    void segmentsOfEveryKind() {
        each((device, arena) -> {
            for (int count : new int[] {3, LARGE}) {
                float[] values = values(count);
                try (Tensor tensor = device.allocate(DType.F32, Shape.of(count))) {
                    for (MemorySegment segment : segments(arena, count)) {
                        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
                        tensor.write(new float[count]).writeSegment(segment);
                        assertArrayEquals(values, tensor.readFloats());
                        tensor.write(new float[count]).writeSegment(segment.asReadOnly());
                        assertArrayEquals(values, tensor.readFloats());
                        segment.fill((byte) 0);
                        tensor.readSegment(segment);
                        float[] got = new float[count];
                        MemorySegment.copy(segment, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, got, 0, count);
                        assertArrayEquals(values, got);
                        tensor.readSegment(count - 2, segment.asSlice(4, 8));
                        assertEquals(values[count - 2], segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4));
                        tensor.writeSegment(1, segment.asSlice(0, 4));
                        assertEquals(values[0], tensor.readFloats()[1]);
                        tensor.write(1, values, 1, 1);
                    }
                }
            }
        });
    }

    @Test
    void segmentsWhileTheHostGoesOn() {
        each((device, arena) -> {
            MemorySegment source = arena.allocate(4L * LARGE, 64);
            MemorySegment target = arena.allocate(4L * LARGE, 64);
            MemorySegment.copy(values(LARGE), 0, source, ValueLayout.JAVA_FLOAT, 0, LARGE);
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(LARGE));
                    Event written = tensor.writeSegmentAsync(source);
                    Event read = tensor.readSegmentAsync(target, written)) {
                read.await();
                assertEquals(-1, source.mismatch(target));
            }
        });
    }

    @Test
    void whatDoesNotFitIsRefused() {
        each((device, arena) -> {
            Arena closed = Arena.ofConfined();
            MemorySegment gone = closed.allocate(16);
            ByteBuffer view = gone.asByteBuffer().order(ByteOrder.nativeOrder());
            closed.close();
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(4))) {
                for (Executable call : List.<Executable>of(
                        () -> tensor.writeSegment(arena.allocate(12)),
                        () -> tensor.readSegment(arena.allocate(20)),
                        () -> tensor.readSegment(arena.allocate(15)),
                        () -> tensor.writeSegment(new float[4]),
                        () -> tensor.readSegment(arena.allocate(16).asReadOnly()),
                        () -> tensor.writeSegment(2, arena.allocate(12)),
                        () -> tensor.writeSegmentAsync(MemorySegment.ofArray(new float[4])))) {
                    assertThrows(IllegalArgumentException.class, call);
                }
                String message = assertThrows(IllegalStateException.class, () -> tensor.writeSegment(gone))
                        .getMessage();
                assertTrue(message.contains("closed"), message);
                assertThrows(IllegalStateException.class, () -> tensor.read(view));
                assertThrows(IllegalStateException.class, () -> tensor.writeAsync(view));
            }
        });
    }

    @Test
    void segmentsTakeNoHeap() {
        each((device, arena) -> {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            MemorySegment memory = arena.allocate(4096);
            long least = Long.MAX_VALUE;
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(1024))) {
                for (int attempt = 0; attempt < 20 && least > 0; attempt++) {
                    for (int i = 0; i < 1000; i++) {
                        tensor.writeSegment(memory).readSegment(memory);
                    }
                    long before = threads.getCurrentThreadAllocatedBytes();
                    for (int i = 0; i < 10; i++) {
                        tensor.writeSegment(memory).readSegment(memory);
                    }
                    least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 10);
                }
            }
            String binding = device.info().binding();
            System.out.println("MemorySegment: " + least + " bytes of heap for a write and a read over " + binding);
            // Over JOCL a segment becomes a buffer, and that a pointer.
            assertTrue(least <= (binding.equals("jocl") ? 2 * 400 : 0), least + " bytes over " + binding);
        });
    }
}
