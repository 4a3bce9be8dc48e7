package dev.clave.cli;

import dev.clave.Device;
import dev.clave.internal.DeviceVerdict;
import dev.clave.io.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the devices. */
@Command(
        name = "devices",
        description = "List the devices, their limits and what was skipped.",
        mixinStandardHelpOptions = true)
final class DevicesCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private BindingOption binding;

    @Option(names = "--json", description = "print JSON")
    private boolean json;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        Device.Survey found = binding.survey();
        if (json) {
            out.println(json(found));
            return;
        }
        out.println("cpu  Java CPU (always there)");
        for (int i = 0; i < found.devices().size(); i++) {
            print(out, i, found.devices().get(i), found.limits().get(i));
        }
        if (!found.skipped().isEmpty()) {
            out.println("skipped: " + found.skipped());
        }
        out.println(found.bindingReport());
    }

    private static void print(PrintWriter out, int index, Device.Info info, Device.Limits limits) {
        out.printf(
                Locale.ROOT,
                "%-4d %s, %s, driver %s, binding %s, fp64 %s, float vector width %d%n",
                index,
                info.name(),
                info.platform(),
                info.driver(),
                info.binding(),
                info.fp64() ? "yes" : "no",
                info.vectorWidth());
        out.printf(
                Locale.ROOT,
                "     %s, %s, %d compute units, memory %.1f GB, largest tensor %.1f GB, local memory %d KiB, work-group"
                        + " up to %d%n",
                limits.deviceVersion(),
                limits.languageVersion(),
                limits.computeUnits(),
                limits.globalMemoryBytes() / 1e9,
                limits.maxAllocationBytes() / 1e9,
                limits.localMemoryBytes() / 1024,
                limits.maxWorkGroup());
        String verdict = verdict(info);
        if (verdict != null) {
            out.println("     self-test " + verdict);
        }
    }

    private static @Nullable String verdict(Device.Info info) {
        for (DeviceVerdict one : ServiceLoader.load(DeviceVerdict.class)) {
            String verdict = one.of(info);
            if (verdict != null) {
                return verdict;
            }
        }
        return null;
    }

    private static String json(Device.Survey found) {
        List<String> devices = new ArrayList<>();
        for (int i = 0; i < found.devices().size(); i++) {
            devices.add(json(i, found.devices().get(i), found.limits().get(i)));
        }
        return "{\n  \"devices\": [\n" + String.join(",\n", devices) + "\n  ],\n  \"skipped\": "
                + Json.quoted(found.skipped()) + ",\n  \"binding\": " + Json.quoted(found.bindingReport()) + "\n}";
    }

    private static String json(int index, Device.Info info, Device.Limits limits) {
        String verdict = verdict(info);
        return String.format(
                Locale.ROOT,
                "    {\"index\": %d, \"kind\": %s, \"name\": %s, \"platform\": %s, \"platformVersion\": %s, "
                        + "\"driver\": %s, \"deviceVersion\": %s, \"languageVersion\": %s, \"binding\": %s, "
                        + "\"globalMemoryBytes\": %d, \"maxAllocationBytes\": %d, \"localMemoryBytes\": %d, "
                        + "\"maxWorkGroup\": %d, \"computeUnits\": %d, \"vectorWidth\": %d, \"fp64\": %b, "
                        + "\"selfTest\": %s}",
                index,
                Json.quoted(info.kind()),
                Json.quoted(info.name()),
                Json.quoted(info.platform()),
                Json.quoted(limits.platformVersion()),
                Json.quoted(info.driver()),
                Json.quoted(limits.deviceVersion()),
                Json.quoted(limits.languageVersion()),
                Json.quoted(info.binding()),
                limits.globalMemoryBytes(),
                limits.maxAllocationBytes(),
                limits.localMemoryBytes(),
                limits.maxWorkGroup(),
                limits.computeUnits(),
                info.vectorWidth(),
                info.fp64(),
                verdict == null ? "null" : Json.quoted(verdict));
    }
}
