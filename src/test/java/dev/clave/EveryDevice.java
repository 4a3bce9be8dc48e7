package dev.clave;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Opens every device there is, the CPU first, for one test. */
final class EveryDevice {
    private EveryDevice() {}

    static void each(Consumer<Device> body) {
        List<String> selectors = new ArrayList<>(List.of("cpu"));
        for (int i = 0; i < Device.list().size(); i++) {
            selectors.add(String.valueOf(i));
        }
        if (selectors.size() == 1) {
            System.out.println("no OpenCL device, tested on the CPU alone: " + Device.listReason());
            assertEquals(null, System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
        for (String selector : selectors) {
            try (Device device = Device.open(selector)) {
                body.accept(device);
                assertEquals(0, device.liveBytes(), "everything was closed on " + device.name());
            }
        }
    }
}
