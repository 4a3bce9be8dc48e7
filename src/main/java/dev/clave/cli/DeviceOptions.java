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

    /** The device asked for; the caller closes it. Nobody gets the CPU without having asked for it and is not told why. */
    Device open() {
        Device opened = Device.open(device, binding);
        if (opened.info().kind().equals("cpu") && device.strip().equalsIgnoreCase("auto")) {
            System.err.println(
                    "no OpenCL device: " + Device.survey(binding).skipped() + "; going on with the CPU device");
        }
        return opened;
    }
}
