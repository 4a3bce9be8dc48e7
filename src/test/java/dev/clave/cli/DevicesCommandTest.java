package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.internal.DeviceVerdict;
import dev.clave.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** Says of every device what a self-test would. */
    public static final class Verdict implements DeviceVerdict {
        @Override
        public String of(Device.Info info) {
            return "passed on " + info.name();
        }
    }

    @Test
    void verdictsOfSelfTestsAreShown(@TempDir Path folder) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(DeviceVerdict.class.getName()), Verdict.class.getName());
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(loader);
            String listing = run("devices");
            String json = run("devices", "--json");
            for (Device.Info info : Device.list()) {
                assertTrue(listing.contains("self-test passed on " + info.name()), listing);
                assertTrue(json.contains("\"selfTest\": \"passed on " + info.name() + "\""), json);
            }
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }
}
