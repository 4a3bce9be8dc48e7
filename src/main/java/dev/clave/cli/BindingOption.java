package dev.clave.cli;

import dev.clave.Device;
import picocli.CommandLine.Option;

/** {@code --binding}, for commands that look at OpenCL. The system property clave.binding is its default. */
@SuppressWarnings("NullAway.Init") // picocli sets the field
class BindingOption {
    @Option(
            names = "--binding",
            defaultValue = "${sys:clave.binding:-auto}",
            description = "auto, ffm (java.lang.foreign, JDK 22 or newer) or jocl")
    String binding;

    /** What there is. */
    final Device.Survey survey() {
        return Device.survey(binding);
    }
}
