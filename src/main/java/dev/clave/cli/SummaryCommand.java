package dev.clave.cli;

import dev.clave.Device;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The layers of a network with shapes and parameter counts. */
@Command(
        name = "summary",
        description = "Show the layers of a network.",
        showDefaultValues = true,
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class SummaryCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--network", defaultValue = "relu", description = "relu or tanh")
    private String network;

    @Option(names = "--flops", description = "also the work of each layer")
    private boolean flops;

    @Override
    public void run() {
        try (Device device = Device.cpu();
                Model model = new Model(device, Network.of(network))) {
            spec.commandLine().getOut().print(model.summary().table(flops));
            spec.commandLine().getOut().flush();
        }
    }
}
