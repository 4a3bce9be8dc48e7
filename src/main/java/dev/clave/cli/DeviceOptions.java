package dev.clave.cli;

import dev.clave.Device;
import picocli.CommandLine.Option;

/** {@code --device} and {@code --binding}, the same for every command that computes. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DeviceOptions extends BindingOption {
    @Option(
            names = "--device",
            defaultValue = "auto",
            description = "auto, cpu, opencl or another backend's name, NAME:INDEX, an index or a part of a name")
    private String device;

    /** The device asked for; the caller closes it. */
    Device open() {
        return Device.open(device, binding);
    }
}
