package dev.clave.cli;

import dev.clave.DeviceException;
import dev.clave.FormatException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Entry point of the runnable jar. Exit codes: 1 a fault of the program, 2 usage, 3 data, 4 device. */
@Command(
        name = "clave",
        description = "Neural-network kernels in OpenCL and Java.",
        subcommands = {
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            SummaryCommand.class,
            ViewCommand.class,
            OnnxCommands.Export.class,
            OnnxCommands.Inspect.class,
            RunCommand.class,
            DevicesCommand.class,
            DoctorCommand.class,
            CacheCommand.class,
            TuneCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "The launcher ./clave adds:",
            "  test      Run the tests; options go to Maven.",
            "  bench     Run the JMH bench of an operator: bench OPERATOR [DEVICE].",
            "Exit codes: 1 a fault of the program, 2 wrong usage, 3 broken data, 4 device."
        })
final class Main {
    @Option(names = "--debug", description = "print stack traces", scope = CommandLine.ScopeType.INHERIT)
    private boolean debug;

    private Main() {}

    /** The version that the jar's manifest names. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"clave " + (version == null ? "(not from a jar)" : version)};
        }
    }

    /** The program, ready to execute. */
    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((exception, arguments) -> usage(exception));
        line.setExecutionExceptionHandler(
                (exception, command, parsed) -> report(exception, command.getErr(), main.debug));
        return line;
    }

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        System.exit(run(commandLine(), arguments.length == 0 ? new String[] {"--help"} : arguments));
    }

    /** Runs a command; an error of the virtual machine is reported like a fault of the program. */
    static int run(CommandLine line, String... arguments) {
        try {
            return line.execute(arguments);
        } catch (OutOfMemoryError e) {
            line.getErr().println("clave: out of Java heap (" + e.getMessage() + "); give Java more with -Xmx");
            return 1;
        } catch (LinkageError | StackOverflowError | AssertionError e) {
            Main main = line.getCommand();
            return report(e, line.getErr(), main.debug);
        }
    }

    private static int usage(ParameterException exception) {
        CommandLine command = exception.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        String message =
                String.valueOf(exception.getMessage()).lines().findFirst().orElse("wrong usage");
        command.getErr().println("clave: " + message + "; try: " + name + " --help");
        return 2;
    }

    /** One line for people, or the stack trace; what nobody foresaw says how to see more. */
    private static int report(Throwable failure, PrintWriter err, boolean debug) {
        int code = exitCode(failure);
        if (debug) {
            failure.printStackTrace(err);
            return code;
        }
        String message = String.valueOf(failure.getMessage());
        String line = message.lines().findFirst().orElse("");
        if (code == 1) {
            line = "a fault of the program, " + failure.getClass().getSimpleName() + ": " + line
                    + "; run again with --debug";
        } else if (message.lines().count() > 1) {
            line += " (run again with --debug for the rest)";
        }
        err.println("clave: " + line);
        return code;
    }

    private static int exitCode(Throwable failure) {
        if (failure instanceof DeviceException) {
            return 4;
        }
        return failure instanceof FormatException ? 3 : failure instanceof IllegalArgumentException ? 2 : 1;
    }
}
