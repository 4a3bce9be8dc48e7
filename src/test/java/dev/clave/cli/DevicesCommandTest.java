package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.internal.Json;
import dev.clave.op.SelfTestState;
import dev.clave.spi.BackendJar;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the listing of devices says, for people and as JSON. */
class DevicesCommandTest {
    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true));
        assertEquals(0, Main.run(line, arguments));
        return out.toString();
    }

    @Test
    void jsonHoldsEveryDeviceWithItsLimits() {
        Device.Survey found = Device.survey(System.getProperty("clave.binding", "auto"));
        Map<?, ?> root = (Map<?, ?>) Json.parse("devices", run("devices", "--json"));
        assertEquals(found.bindingReport(), root.get("binding"));
        List<?> devices = (List<?>) root.get("devices");
        assertEquals(found.devices().size(), devices.size());
        for (int i = 0; i < devices.size(); i++) {
            Map<?, ?> device = (Map<?, ?>) devices.get(i);
            Device.Limits limits = found.limits().get(i);
            assertEquals((double) i, device.get("index"));
            assertEquals(found.devices().get(i).name(), device.get("name"));
            assertEquals(found.devices().get(i).fp64(), device.get("fp64"));
            assertEquals((double) limits.globalMemoryBytes(), device.get("globalMemoryBytes"));
            assertEquals((double) limits.maxAllocationBytes(), device.get("maxAllocationBytes"));
            assertEquals((double) limits.maxWorkGroup(), device.get("maxWorkGroup"));
            assertEquals(limits.languageVersion(), device.get("languageVersion"));
            assertTrue(limits.computeUnits() >= 1 && limits.localMemoryBytes() >= 1024, limits.toString());
        }
    }

    private static Map<?, ?> device(int index) {
        Map<?, ?> root = (Map<?, ?>) Json.parse("devices", run("devices", "--json"));
        return (Map<?, ?>) ((List<?>) root.get("devices")).get(index);
    }

    private static void withSelfTest(String mode, Path home, Runnable body) {
        String before = System.setProperty("clave.selftest", mode);
        String homeBefore = System.setProperty("user.home", home.toString());
        try {
            body.run();
        } finally {
            System.setProperty("user.home", homeBefore);
            if (before == null) {
                System.clearProperty("clave.selftest");
            } else {
                System.setProperty("clave.selftest", before);
            }
        }
    }

    /** What is known is shown, and a test runs only when it is asked for. */
    @Test
    void verdictsOfSelfTestsAreShown(@TempDir Path home) {
        List<Device.Info> devices = Device.list();
        withSelfTest("never", home, () -> {
            String listing = run("devices");
            for (int i = 0; i < devices.size(); i++) {
                assertTrue(listing.contains("self-test off (-Dclave.selftest=never)"), listing);
                assertEquals("off", ((Map<?, ?>) device(i).get("selfTest")).get("state"));
            }
        });
        withSelfTest("auto", home, () -> {
            String listing = run("devices");
            for (int i = 0; i < devices.size(); i++) {
                SelfTestState known = SelfTestState.of(devices.get(i));
                assertTrue(listing.contains("     self-test " + known), listing);
                assertEquals(known.word(), ((Map<?, ?>) device(i).get("selfTest")).get("state"));
            }
        });
        withSelfTest("always", home, () -> {
            String today = LocalDate.now(ZoneOffset.UTC).toString();
            String listing = devices.isEmpty() ? "" : run("devices");
            for (int i = 0; i < devices.size(); i++) {
                assertTrue(listing.contains("self-test passed on " + today), listing);
                assertEquals(
                        SelfTestState.State.PASSED,
                        SelfTestState.of(devices.get(i)).state());
            }
        });
    }

    @Test
    void backendsOfOthersAreShown(@TempDir Path folder) throws IOException {
        int first = Device.list().size();
        try (BackendJar.Loader loader = new BackendJar.Loader(folder)) {
            loader.add("com/example/plain", BackendJar.PLAIN);
            String listing = run("devices");
            assertTrue(
                    listing.contains(String.format(
                            "%-4d Plain direct memory, com.example, driver 1.2, binding loops, fp64 yes", first)),
                    listing);
            assertTrue(listing.contains("backend plain (" + BackendJar.PLAIN + "), priority 50, devices 2"), listing);
            assertEquals("plain", device(first).get("kind"));
            assertNull(device(first).get("selfTest"));
            loader.add("com/example/broken", "com.example.broken.Broken$Absent");
            String reason = "no licence in /etc/acme";
            listing = run("devices");
            assertTrue(listing.contains("priority 1000, devices 0: " + reason), listing);
            assertTrue(listing.contains("backend absent: " + reason), listing);
            Map<?, ?> root = (Map<?, ?>) Json.parse("devices", run("devices", "--json"));
            List<?> backends = (List<?>) root.get("backends");
            assertEquals(4, backends.size());
            assertEquals(reason, ((Map<?, ?>) backends.get(0)).get("reason"));
            StringWriter out = new StringWriter();
            CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true));
            assertEquals(4, Main.run(line, new String[] {"doctor"}));
            String doctor = out.toString();
            assertTrue(doctor.contains("ok   backend plain (" + BackendJar.PLAIN + "): devices 2"), doctor);
            assertTrue(doctor.contains("BAD  backend absent (com.example.broken.Broken$Absent): " + reason), doctor);
            assertTrue(doctor.contains("ok   device " + first + ": Plain direct memory (backend plain) opens"), doctor);
        }
    }
}
