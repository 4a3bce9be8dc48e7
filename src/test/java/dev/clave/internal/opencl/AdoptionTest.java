package dev.clave.internal.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.Shape;
import dev.clave.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What a host may get wrong that one device and one driver cannot show. Handles count from 1: the context first, then the queue. */
class AdoptionTest {
    private static final long DEVICE = 901;
    private static final long OTHER = 902;
    private static final long CONTEXT = 1;

    private FakeOpenCl fake = new FakeOpenCl();

    @BeforeEach
    void allIsWell() {
        fake.answer(OpenCl.CONTEXT_DEVICES, OTHER, DEVICE);
        fake.answer(OpenCl.QUEUE_CONTEXT, CONTEXT);
        fake.answer(OpenCl.QUEUE_DEVICE, DEVICE);
        fake.answer(OpenCl.MEM_TYPE, OpenCl.MEM_TYPE_BUFFER);
        fake.answer(OpenCl.MEM_CONTEXT, CONTEXT);
        fake.answer(OpenCl.MEM_SIZE, 64);
        fake.answer(OpenCl.EVENT_CONTEXT, CONTEXT);
    }

    private void another() {
        assertEquals(0, fake.held());
        fake = new FakeOpenCl();
        allIsWell();
    }

    private Device adopt(@Nullable Object queue) {
        return Adoption.device(fake, 10L, DEVICE, queue);
    }

    private void refused(String part, Executable call) {
        int held = fake.held();
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(part), message);
        assertEquals(held, fake.held(), "what was refused is released");
    }

    @Test
    void devicesAndQueuesOfOthersAreRefused() {
        fake.answer(OpenCl.CONTEXT_DEVICES, OTHER);
        refused("device fake is none of the context's", () -> adopt(11L));
        another();
        fake.answer(OpenCl.QUEUE_DEVICE, OTHER);
        refused("the queue belongs to another device than fake", () -> adopt(11L));
        another();
        fake.answer(OpenCl.QUEUE_CONTEXT, 99);
        refused("the queue belongs to another context", () -> adopt(11L));
        another();
        fake.answer(OpenCl.QUEUE_PROPERTIES, 3);
        refused("the queue executes out of order", () -> adopt(11L));
        assertEquals(0, fake.held());
    }

    @Test
    void handlesThatOpenClDoesNotKnowAreRefusedByName() {
        fake.fail("clRetainContext", -34);
        refused("10 is no context of OpenCL's: clRetainContext failed with CL_INVALID_CONTEXT (-34)", () -> adopt(11L));
        FakeOpenCl other = new FakeOpenCl();
        other.answer(OpenCl.CONTEXT_DEVICES, DEVICE);
        other.fail("clRetainCommandQueue", -36);
        String message = assertThrows(IllegalArgumentException.class, () -> Adoption.device(other, 10L, DEVICE, 11L))
                .getMessage();
        assertTrue(message.startsWith("11 is no queue of OpenCL's: "), message);
        assertEquals(0, other.held());
    }

    @Test
    void failedSetUpHoldsNothing() {
        fake.fail("clCreateCommandQueue", -6);
        assertThrows(DeviceException.class, () -> adopt(null));
        assertEquals(0, fake.held());
    }

    @Test
    void memoryThatDoesNotFitIsRefusedAndTheDeviceLives() {
        try (Device device = adopt(11L)) {
            Executable buffer =
                    () -> Adoption.tensor(device, 12L, DType.F32, Shape.of(16)).close();
            fake.answer(OpenCl.MEM_TYPE, 0x10F1);
            refused("an image or a pipe", buffer);
            allIsWell();
            fake.answer(OpenCl.MEM_CONTEXT, 99);
            refused("another context", buffer);
            allIsWell();
            refused(
                    "takes 68 bytes, and the buffer has 64",
                    () -> Adoption.tensor(device, 12L, DType.F32, Shape.of(17)));
            fake.answer(OpenCl.EVENT_CONTEXT, 99);
            refused("another context", () -> Adoption.event(device, 13L));
            try (Tensor tensor = Adoption.tensor(device, 12L, DType.F32, Shape.of(4, 4))) {
                assertEquals(3, fake.held(), "context, queue and buffer");
                assertEquals(16, tensor.shape().elements());
            }
            fake.fail("clRetainMemObject", -38);
            refused("12 is no buffer of OpenCL's: clRetainMemObject failed with CL_INVALID_MEM_OBJECT (-38)", buffer);
        }
        assertEquals(0, fake.held());
    }
}
