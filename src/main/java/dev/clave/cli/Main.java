package dev.clave.cli;

import dev.clave.DeviceException;
import dev.clave.FormatException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Entry point of the runnable jar. Exit codes: 2 usage, 3 data, 4 device. */
@Command(
        name = "clave",
        description = "Neural-network kernels in OpenCL and Java.",
        subcommands = {
            TrainCommand.class,
            ModelCommands.Evaluate.class,
            ModelCommands.Predict.class,
            ModelCommands.View.class,
            OnnxCommands.Export.class,
            OnnxCommands.Inspect.class,
            DevicesCommand.class
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class Main {
    @Option(names = "--debug", description = "print stack traces", scope = CommandLine.ScopeType.INHERIT)
    private boolean debug;

    private Main() {}

    /** The program, ready to execute. */
    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        line.setExecutionExceptionHandler((exception, command, parsed) -> {
            if (main.debug) {
                exception.printStackTrace(command.getErr());
            } else {
                command.getErr().println("clave: " + exception.getMessage());
            }
            return exitCode(exception);
        });
        return line;
    }

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments.length == 0 ? new String[] {"--help"} : arguments));
    }

    private static int exitCode(Exception exception) {
        if (exception instanceof DeviceException) {
            return 4;
        }
        return exception instanceof FormatException ? 3 : exception instanceof IllegalArgumentException ? 2 : 1;
    }
}
