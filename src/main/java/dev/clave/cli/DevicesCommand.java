package dev.clave.cli;

import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.internal.Json;
import dev.clave.op.SelfTestState;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the devices. */
@Command(
        name = "devices",
        description = "List the devices, their limits, the verdicts of their self-tests and what was skipped.",
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
        for (Device.BackendReport one : found.backends()) {
            if (!isOwn(one)) {
                out.println("backend " + (one.name().isEmpty() ? "without a name" : one.name()) + " (" + one.provider()
                        + "), priority " + one.priority() + ", devices " + one.devices()
                        + (one.reason().isEmpty() ? "" : ": " + one.reason()));
            }
        }
        if (!found.skipped().isEmpty()) {
            out.println("skipped: " + found.skipped());
        }
        out.println(found.bindingReport());
    }

    static boolean isOwn(Device.BackendReport one) {
        return one.provider().startsWith("dev.clave.op.");
    }

    private void print(PrintWriter out, int index, Device.Info info, Device.Limits limits) {
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
        if (!limits.deviceVersion().isEmpty() || limits.globalMemoryBytes() > 0) {
            out.printf(
                    Locale.ROOT,
                    "     %s, %s, %d compute units, memory %.1f GB, largest tensor %.1f GB, local memory %d KiB,"
                            + " work-group up to %d%n",
                    limits.deviceVersion(),
                    limits.languageVersion(),
                    limits.computeUnits(),
                    limits.globalMemoryBytes() / 1e9,
                    limits.maxAllocationBytes() / 1e9,
                    limits.localMemoryBytes() / 1024,
                    limits.maxWorkGroup());
        }
        SelfTestState verdict = verdict(index, info);
        if (verdict != null) {
            out.println("     self-test " + verdict);
        }
    }

    /** What is known, or what a test says now when one is asked for; null for devices that are not tested. */
    private @Nullable SelfTestState verdict(int index, Device.Info info) {
        SelfTestState known = SelfTestState.of(info);
        if (known == null || !SelfTestState.isForced()) {
            return known;
        }
        try (Device device = Device.open(String.valueOf(index), binding.binding)) {
            return SelfTestState.of(device);
        } catch (DeviceException e) {
            String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new SelfTestState(SelfTestState.State.FAILED, null, Map.of("the device", line));
        }
    }

    private String json(Device.Survey found) {
        List<String> devices = new ArrayList<>();
        for (int i = 0; i < found.devices().size(); i++) {
            devices.add(json(i, found.devices().get(i), found.limits().get(i)));
        }
        String backends = found.backends().stream()
                .map(one -> String.format(
                        Locale.ROOT,
                        "    {\"name\": %s, \"provider\": %s, \"priority\": %d, \"devices\": %d, \"reason\": %s}",
                        Json.quoted(one.name()),
                        Json.quoted(one.provider()),
                        one.priority(),
                        one.devices(),
                        Json.quoted(one.reason())))
                .collect(Collectors.joining(",\n"));
        return "{\n  \"devices\": [\n" + String.join(",\n", devices) + "\n  ],\n  \"backends\": [\n" + backends
                + "\n  ],\n  \"skipped\": " + Json.quoted(found.skipped()) + ",\n  \"binding\": "
                + Json.quoted(found.bindingReport()) + "\n}";
    }

    private String json(int index, Device.Info info, Device.Limits limits) {
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
                json(verdict(index, info)));
    }

    private static String json(@Nullable SelfTestState verdict) {
        if (verdict == null) {
            return "null";
        }
        String failures = verdict.failures().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(one -> Json.quoted(one.getKey()) + ": " + Json.quoted(one.getValue()))
                .collect(Collectors.joining(", "));
        return "{\"state\": " + Json.quoted(verdict.word()) + ", \"date\": "
                + (verdict.at() == null ? "null" : Json.quoted(verdict.at().toString())) + ", \"failures\": {"
                + failures
                + "}}";
    }
}
