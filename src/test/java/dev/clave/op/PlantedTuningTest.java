package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A run with a planted database computes with its settings, on every device, and any other run does not. */
@ExtendWith(TestDevices.Parameter.class)
class PlantedTuningTest {
    private final TestDevices devices;

    PlantedTuningTest(TestDevices devices) {
        this.devices = devices;
    }

    /** How many of a device's problems have a record; each that has one is to run with its settings. */
    static int tuned(Device device, Set<Problem> problems, Set<String> taken) {
        OpenClDevice openCl = (OpenClDevice) device;
        TuningDatabase database = TuningDatabase.open();
        int expected = 0;
        int tuned = 0;
        for (Problem problem : problems) {
            if (!database.find(Tuning.key(openCl, problem), Tuning.deviceClass(openCl))
                    .isEmpty()) {
                expected++;
                try (Invocation run = Operators.prepare(device, problem)) {
                    tuned += run.note().startsWith("tuned, ") ? 1 : 0;
                    taken.add(problem + " " + run.candidate());
                }
            }
        }
        assertEquals(expected, tuned, "problems with a record that run with its settings on " + device.name());
        return tuned;
    }

    @Test
    void plantedSettingsAreThoseThatRun() {
        for (Device device : devices.openCl()) {
            Set<Problem> problems = new LinkedHashSet<>();
            for (OpCase op : TinyCases.of(devices.cpu(), device)) {
                for (int lanes : new int[] {1, 8, 16}) {
                    problems.add(op.geometry().problem(op.direction(), new Format(DType.F32, lanes)));
                }
            }
            Set<String> taken = new TreeSet<>();
            int tuned = tuned(device, problems, taken);
            if (!PlantedTuning.isOn()) {
                assertEquals(0, tuned, "no database was planted");
                continue;
            }
            System.out.println(tuned + " problems of the tiny cases run with planted settings on " + device.name());
            assertTrue(tuned > 20, "only " + tuned + " on " + device.name());
            // Both kinds of records: other settings of what is usual, and candidates that leave tiny problems to
            // others.
            assertTrue(
                    taken.containsAll(List.of("conv2d forward tiled", "conv2d forward packed", "gemm forward tiled")),
                    taken.toString());
        }
    }
}
