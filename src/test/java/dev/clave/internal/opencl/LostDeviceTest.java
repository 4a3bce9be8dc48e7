package dev.clave.internal.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.DeviceLostException;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.Event;
import dev.clave.KernelBuildException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.LeakReports;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a device makes of errors, over a binding that fails on purpose. */
class LostDeviceTest {
    @TempDir
    private Path folder;

    private final FakeOpenCl fake = new FakeOpenCl();

    private OpenClDevice open() {
        return new OpenClDevice(
                fake,
                900,
                901,
                new Device.Info("opencl", "Fake Platform", "fake", "1", "fake", true, 4),
                ProgramCache.in(folder, 0));
    }

    private static String lost(Executable call) {
        return assertThrows(DeviceLostException.class, call).getMessage();
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, -5, -14, -33, -34, -36, -9999})
    void faultWhileWaitingLosesTheDeviceForGood(int status) {
        OpenClDevice device = open();
        Tensor tensor = device.allocate(DType.F32, Shape.of(4));
        ClKernel kernel = device.kernel("add", "add_forward_reference", Map.of());
        fake.fail("clFinish", status);
        String first = lost(device::finish);
        assertTrue(first.startsWith("device fake is lost: clFinish failed with "), first);
        assertTrue(first.contains("(" + status + ")"), first);
        int calls = fake.calls;
        assertEquals(first, lost(device::finish));
        assertEquals(first, lost(() -> tensor.write(1f, 2f, 3f, 4f)));
        assertEquals(first, lost(tensor::readFloats));
        assertEquals(first, lost(() -> device.allocate(DType.F32, Shape.of(1))));
        assertEquals(first, lost(() -> kernel.setInt(0, 1)));
        assertEquals(first, lost(() -> device.kernel("add", "add_forward_reference", Map.of())));
        assertEquals(calls, fake.calls, "a lost device is not called any more");
        kernel.close();
        tensor.close();
        device.close();
        assertEquals(0, fake.held(), "everything was released");
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, -34, -36})
    void brokenQueueIsSeenAtAnyCall(int status) {
        try (OpenClDevice device = open();
                ClKernel kernel = device.kernel("add", "add_forward_reference", Map.of())) {
            fake.fail("clEnqueueNDRangeKernel", status);
            lost(() -> kernel.enqueue(new long[] {1}, new long[] {1}));
            lost(device::finish);
        }
        assertEquals(0, fake.held());
    }

    /** Too many registers at a launch is no lost device, and neither is a wrong argument. */
    @Test
    void otherFaultsLoseNothing() {
        try (OpenClDevice device = open();
                ClKernel kernel = device.kernel("add", "add_forward_reference", Map.of())) {
            fake.fail("clEnqueueNDRangeKernel", -5);
            DeviceException failure =
                    assertThrows(DeviceException.class, () -> kernel.enqueue(new long[] {1}, new long[] {1}));
            assertFalse(failure instanceof DeviceLostException);
            assertEquals("clEnqueueNDRangeKernel failed with CL_OUT_OF_RESOURCES (-5)", failure.getMessage());
            device.finish();
        }
        assertEquals(0, fake.held());
    }

    @ParameterizedTest
    @ValueSource(ints = {-4, -5, -6, -61})
    void refusedBufferIsOutOfMemory(int status) {
        try (OpenClDevice device = open()) {
            Tensor held = device.allocate(DType.F32, Shape.of(100));
            fake.fail("clCreateBuffer", status);
            DeviceOutOfMemoryException full =
                    assertThrows(DeviceOutOfMemoryException.class, () -> device.allocate(DType.F32, Shape.of(2, 7)));
            String message = String.valueOf(full.getMessage());
            assertTrue(message.startsWith("device fake: asked for 56 bytes (tensor F32[2, 7]), 400 in use"), message);
            assertTrue(
                    message.contains("clCreateBuffer failed with ") && message.contains("(" + status + ")"), message);
            assertTrue(message.contains("400  tensor F32[100], made at "), message);
            assertEquals(400, device.liveBytes(), "a refused tensor takes nothing");
            held.close();
            assertEquals(0, device.liveBytes());
        }
    }

    @Test
    void limitIsEnforcedWithoutTheDriver() {
        try (OpenClDevice device = open()) {
            assertEquals(800_000, device.memoryLimit());
            try (Tensor one = device.allocate(DType.F32, Shape.of(100_000))) {
                int calls = fake.calls;
                String full = String.valueOf(assertThrows(
                                DeviceOutOfMemoryException.class, () -> device.allocate(DType.F32, Shape.of(100_001)))
                        .getMessage());
                assertTrue(
                        full.contains("asked for 400004 bytes") && full.contains("400000 in use, limit 800000"), full);
                String large = String.valueOf(assertThrows(
                                DeviceOutOfMemoryException.class, () -> device.allocate(DType.F64, Shape.of(62_501)))
                        .getMessage());
                assertTrue(large.contains("the largest single tensor is 500000; split the batch"), large);
                assertEquals(calls, fake.calls);
                device.memoryLimit(900_000);
                device.allocate(DType.F32, Shape.of(100_001)).close();
                assertEquals(one.shape().elements() * 4L, device.liveBytes());
            }
        }
        assertEquals(0, fake.held());
    }

    private void forget() {
        OpenClDevice device = open();
        device.allocate(DType.F32, Shape.of(4)).view(0, Shape.of(2));
        device.kernel("add", "a", Map.of());
    }

    /** Nobody closed the device: its one owner of native objects does, once. */
    @Test
    void whatAForgottenDeviceHeldIsReleased(LeakReports leaks) throws InterruptedException {
        forget();
        assertTrue(fake.held() >= 5, "context, queue, program, kernel and buffer");
        for (int attempt = 0; attempt < 200 && fake.held() > 0; attempt++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(0, fake.held());
        String reports = String.join("\n", leaks.take());
        assertTrue(reports.startsWith("leak: device fake was garbage-collected without having been closed"), reports);
        assertTrue(reports.contains("leak: tensor F32[4] (16 bytes) of device fake was garbage-collected"), reports);
    }

    @Test
    void failedSetUpHoldsNothing() {
        fake.fail("clCreateCommandQueue", -6);
        assertThrows(DeviceException.class, this::open);
        assertEquals(0, fake.held());
    }

    /** A runtime whose own cache is just being filled by others may refuse once. */
    @Test
    void refusalsOfTheCompilerCountWhenRepeated() {
        try (OpenClDevice device = open()) {
            fake.refuseBuilds(2);
            device.kernel("add", "a", Map.of("X", "1")).close();
            assertEquals(3, fake.builds);
            fake.refuseBuilds(Integer.MAX_VALUE);
            assertThrows(KernelBuildException.class, () -> device.kernel("add", "a", Map.of("X", "2")));
            assertEquals(6, fake.builds);
        }
        assertEquals(0, fake.held());
    }

    @Test
    void programsAreBuiltOnce() {
        try (OpenClDevice device = open()) {
            device.kernel("add", "a", Map.of("X", "1")).close();
            device.kernel("add", "b", Map.of("X", "1")).close();
            device.kernel("add", "a", Map.of("X", "2")).close();
            assertEquals(2, fake.builds);
        }
        assertEquals(0, fake.held());
    }

    private static FloatBuffer direct() {
        return ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /** A fault surfaces at the event; what only waited for another's failure says nothing of the device. */
    @Test
    void faultAtAnEventIsTheDevicesOrNot() {
        try (OpenClDevice device = open();
                Tensor tensor = device.allocate(DType.F32, Shape.of(4))) {
            Event event = tensor.writeAsync(direct());
            fake.fail("clWaitForEvents", -14);
            DeviceException failure = assertThrows(DeviceException.class, event::await);
            assertFalse(failure instanceof DeviceLostException, String.valueOf(failure));
            event.close(); // who waited was told
            Event next = tensor.readAsync(direct());
            assertThrows(DeviceException.class, next::close);
            next.close();
            fake.fail("clWaitForEvents", -36);
            Event last = tensor.readAsync(direct());
            lost(last::await);
            assertTrue(last.isDone(), "nothing more will come of it");
            lost(device::finish);
            last.close();
        }
        assertEquals(0, fake.held());
    }

    /** The command is under way and its memory in use: it is waited for before anything is let go. */
    @Test
    void failedFlushLetsGoOfTheEvent() {
        try (OpenClDevice device = open();
                Tensor tensor = device.allocate(DType.F32, Shape.of(4))) {
            fake.fail("clFlush", -6);
            assertThrows(DeviceException.class, () -> tensor.writeAsync(direct()));
            fake.fail("clEnqueueReadBuffer", -5);
            assertThrows(DeviceException.class, () -> tensor.readAsync(direct()));
        }
        assertEquals(0, fake.held());
    }
}
