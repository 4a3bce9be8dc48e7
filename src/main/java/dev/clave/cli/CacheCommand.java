package dev.clave.cli;

import dev.clave.internal.opencl.ProgramCache;
import dev.clave.op.Tuner;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows or empties the cache of compiled programs. */
@Command(
        name = "cache",
        description = "Show the cache of compiled programs: its directory, entries and bytes.",
        mixinStandardHelpOptions = true)
final class CacheCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--clear", description = "delete all entries")
    private boolean clear;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        ProgramCache cache = ProgramCache.ofUser();
        out.println("path " + cache.folder());
        if (clear) {
            out.println("deleted " + cache.clear());
            Path tuning = Tuner.userFile();
            if (tuning != null && Files.exists(tuning)) {
                out.println("kept " + tuning + ", what ./clave tune found; delete it to tune anew");
            }
        }
        out.println("entries " + cache.entries());
        out.println("bytes " + cache.bytes());
        String unusable = cache.unusable();
        if (unusable != null) {
            out.println("not in use: " + unusable);
        }
    }
}
