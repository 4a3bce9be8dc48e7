package dev.clave.cli;

import dev.clave.Device;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the devices. */
@Command(name = "devices", description = "List the devices and what was skipped.", mixinStandardHelpOptions = true)
final class DevicesCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private BindingOption binding;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("cpu  Java CPU (always there)");
        Device.Survey found = binding.survey();
        int index = 0;
        for (Device.Info info : found.devices()) {
            out.printf(
                    "%-4d %s, %s, driver %s, binding %s, fp64 %s, float vector width %d%n",
                    index++,
                    info.name(),
                    info.platform(),
                    info.driver(),
                    info.binding(),
                    info.fp64() ? "yes" : "no",
                    info.vectorWidth());
        }
        if (!found.skipped().isEmpty()) {
            out.println("skipped: " + found.skipped());
        }
        out.println(found.bindingReport());
    }
}
