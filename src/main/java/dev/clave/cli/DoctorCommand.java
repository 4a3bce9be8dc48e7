package dev.clave.cli;

import dev.clave.Device;
import dev.clave.DeviceException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says why OpenCL can or cannot be used here; exit code 4 when something is wrong. */
@Command(
        name = "doctor",
        description = "Check what OpenCL needs here, and print what cures each finding.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:all is well", "4:something was found"})
final class DoctorCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private BindingOption binding;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Diagnosis diagnosis = new Diagnosis(out, System.getenv());
        diagnosis.java();
        diagnosis.drivers();
        diagnosis.directories();
        try {
            Device.Survey found = binding.survey();
            diagnosis.binding(found);
            diagnosis.backends(found);
            for (int i = 0; i < found.devices().size(); i++) {
                Device.Info info = found.devices().get(i);
                if (info.kind().equals("opencl")) {
                    diagnosis.device(i, info, binding.binding);
                } else {
                    diagnosis.opens(i, info, binding.binding);
                }
            }
        } catch (DeviceException e) {
            diagnosis.bad("binding", String.valueOf(e.getMessage()), "./clave doctor --binding auto");
        }
        diagnosis.divisions();
        int findings = diagnosis.findings();
        out.println(findings == 0 ? "all is well" : findings + (findings == 1 ? " finding" : " findings"));
        return findings == 0 ? 0 : 4;
    }
}
