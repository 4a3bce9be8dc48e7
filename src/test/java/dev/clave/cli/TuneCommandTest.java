package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command on a problem of a few microseconds; which candidate wins there is not asked. */
class TuneCommandTest {
    @TempDir
    private Path folder;

    private record Outcome(int code, String out, String err) {}

    private static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return new Outcome(Main.run(line, arguments), out.toString(), err.toString());
    }

    @Test
    void tunesAShapeAndWritesWhatItSays() throws IOException {
        if (Device.list().isEmpty() || Device.list().get(0).platform().equals("rusticl")) {
            System.out.println("skipped: no quick OpenCL device to tune; TunerTest has the rest");
            return;
        }
        Path file = folder.resolve("tuning.jsonl");
        String[] shape = {"tune", "--device", "0", "--operator", "gemm", "--shape", "m=8,n=32,k=8"};
        Outcome dry = run(append(shape, "--dry-run", "--out", file.toString()));
        assertEquals(0, dry.code(), dry.err());
        assertTrue(dry.out().startsWith("1 problem with a choice, on "), dry.out());
        assertTrue(dry.out().contains("gemm forward Gemm[m=8, n=32, k=8"), dry.out());
        assertFalse(dry.out().contains("rejected"), dry.out());
        assertTrue(dry.out().endsWith("nothing written (--dry-run)" + System.lineSeparator()), dry.out());
        assertFalse(Files.exists(file));
        Outcome wet = run(append(shape, "--out", file.toString()));
        assertEquals(0, wet.code(), wet.err());
        int written = wet.out().contains("nothing is faster") ? 0 : 1;
        assertTrue(wet.out().contains(written + " written to " + file), wet.out());
        assertEquals(written, Files.readAllLines(file).size());
    }

    private static String[] append(String[] first, String... more) {
        String[] all = java.util.Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    @Test
    void wrongUsageIsNamed() {
        says("--operator and --shape go together", "tune", "--operator", "gemm");
        says("'x=1' is no NAME=NUMBER", "tune", "--operator", "gemm", "--shape", "m=8,x=1");
        says("k is missing", "tune", "--operator", "gemm", "--shape", "m=8,n=8");
        says("settings have conv2d and gemm, got 'add'", "tune", "--operator", "add", "--shape", "n=8");
        says("--seconds is above 0", "tune", "--seconds", "-1");
        says("--batch is at least 1", "tune", "--batch", "0");
        Outcome cpu = run("tune", "--device", "cpu");
        assertEquals(2, cpu.code());
        assertTrue(cpu.err().contains("tuning is for OpenCL devices"), cpu.err());
    }

    private static void says(String message, String... arguments) {
        Outcome outcome = run(arguments);
        assertEquals(2, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains(message), outcome.err());
    }
}
