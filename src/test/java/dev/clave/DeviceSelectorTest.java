package dev.clave;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Which device a selector means: its index first, then a part of a name. */
class DeviceSelectorTest {
    private static Device.Info info(String platform, String name) {
        return new Device.Info("opencl", platform, name, "1", "jocl", true, 16);
    }

    @Test
    void anIndexCountsBeforeDigitsInNames() {
        List<Device.Info> infos =
                List.of(info("Portable", "cpu-avx512"), info("Portable", "cpu-1"), info("Vendor", "GeForce RTX 2070"));
        assertEquals(0, Device.index("0", infos));
        assertEquals(1, Device.index("1", infos));
        assertEquals(2, Device.index("2", infos));
        assertEquals(2, Device.index("2070", infos));
        assertEquals(0, Device.index("avx512", infos));
        assertEquals(2, Device.index("vendor", infos));
        assertEquals(-1, Device.index("nosuch", infos));
        assertEquals(-1, Device.index("0", List.of()));
    }
}
