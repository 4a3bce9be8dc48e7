package dev.clave.bench;

import dev.clave.bench.report.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Training from the command line, everything included; five epochs of MNIST where it is there. */
final class CommandSection {
    private CommandSection() {}

    static void run(Rounds rounds, Settings settings) throws IOException, InterruptedException {
        if (settings.launcher().isEmpty()) {
            rounds.note("command line: no launcher; run by ./clave bench --peers");
            return;
        }
        boolean mnist = !settings.data().isEmpty() && !settings.quick();
        if (!mnist) {
            rounds.note(
                    settings.quick()
                            ? "command line: a quick run trains one epoch of the built-in digits"
                            : "command line: five epochs of the built-in digits, not MNIST; --data DIR names it");
        }
        String epochs = settings.quick() ? "1" : "5";
        String work = "command line, " + epochs + (epochs.equals("1") ? " epoch" : " epochs") + " of "
                + (mnist ? "MNIST" : "digits");
        time(List.of(settings.launcher(), "--version")); // builds when something is newer than the jar
        List<Double> samples = new ArrayList<>();
        for (int round = 0; round < (settings.quick() ? 1 : 3); round++) {
            samples.add(time(List.of(
                    settings.launcher(),
                    "train",
                    "--data",
                    mnist ? settings.data() : "digits",
                    "--epochs",
                    epochs,
                    "--device",
                    settings.device(),
                    "--verbose",
                    "0")));
        }
        rounds.add(new Row(work, "Clave", "us", 0, samples));
    }

    private static double time(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("clave-command", ".log");
        try {
            long begin = System.nanoTime();
            int code = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
            double micros = (System.nanoTime() - begin) / 1e3;
            if (code != 0) {
                throw new IOException(String.join(" ", command) + " failed: " + Files.readString(log));
            }
            return micros;
        } finally {
            Files.delete(log);
        }
    }
}
