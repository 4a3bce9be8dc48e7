package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A run with a planted database trains and evaluates with its settings. */
@ExtendWith(TestDevices.Parameter.class)
class PlantedNetworksTest {
    private final TestDevices devices;

    PlantedNetworksTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void networksRunWithPlantedSettings() {
        for (Device device : devices.openCl()) {
            // A database for one that compiles for minutes has the tiny cases alone.
            if (!PlantedTuning.isOn() || TinyCases.isSlowToCompile(device)) {
                continue;
            }
            int tuned = PlantedTuningTest.tuned(device, Tuned.ofNetworks(device), new TreeSet<>());
            System.out.println(tuned + " problems of networks run with planted settings on " + device.name());
            assertTrue(tuned > 20, "only " + tuned + " on " + device.name());
        }
    }
}
