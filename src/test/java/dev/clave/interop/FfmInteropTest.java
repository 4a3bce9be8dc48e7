package dev.clave.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.DeviceException;
import org.junit.jupiter.api.Test;

/** Pointers where there is no binding for them, and no pointers at all; everything else is in FfmInteropJdk22IT. */
class FfmInteropTest {
    @Test
    void missingBindingIsNamed() {
        RuntimeException refused = assertThrows(RuntimeException.class, () -> FfmInterop.adopt(0, 0, 0));
        String message = String.valueOf(refused.getMessage());
        if (System.getProperty("clave.expected.binding", "jocl").equals("ffm")) {
            assertEquals("a pointer of OpenCL's is wanted for DEVICE, got 0", message);
        } else {
            assertEquals(DeviceException.class, refused.getClass());
            assertTrue(message.startsWith("binding ffm was asked for and cannot be had: "), message);
        }
    }

    @Test
    void devicesOfAnotherKindHaveNoPointers() {
        try (Device cpu = Device.cpu()) {
            assertEquals(
                    "device Java CPU is no OpenCL device",
                    assertThrows(IllegalArgumentException.class, () -> FfmInterop.context(cpu))
                            .getMessage());
        }
        if (!Device.list().isEmpty()) {
            try (Device device = Device.open("0")) {
                if (device.info().binding().equals("jocl")) {
                    String message = assertThrows(IllegalArgumentException.class, () -> FfmInterop.queue(device))
                            .getMessage();
                    assertTrue(
                            message.endsWith("works over the binding jocl, not ffm; open or adopt it over that one"),
                            message);
                } else {
                    assertTrue(FfmInterop.queue(device) != 0);
                }
            }
        }
    }
}
