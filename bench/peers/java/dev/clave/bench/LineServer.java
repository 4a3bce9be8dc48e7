package dev.clave.bench;

import dev.clave.internal.Json;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A peer in a process of its own that answers a line of work by a line of JSON with one sample. */
final class LineServer implements AutoCloseable {
    private final Process process;
    private final BufferedWriter to;
    private final BufferedReader from;
    private final Path errors;

    /** Starts a process and waits for its first line. */
    LineServer(List<String> command, Map<String, String> environment) throws IOException {
        errors = Files.createTempFile("clave-peer", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        // The first picks kernels of OpenBLAS by force, the second is for Java only.
        builder.environment().keySet().removeAll(List.of("OPENBLAS_CORETYPE", "LD_PRELOAD"));
        builder.environment().remove("GOMP_SPINCOUNT");
        builder.environment().putAll(environment);
        process = builder.start();
        to = process.outputWriter(StandardCharsets.UTF_8);
        from = process.inputReader(StandardCharsets.UTF_8);
        answer("the start");
    }

    /** CLBlast on the OpenCL device of a name; the small program around it is compiled first. */
    static LineServer clblast(Settings settings, String deviceName) throws IOException, InterruptedException {
        Path program = Files.createTempDirectory("clave-clblast").resolve("clblast_gemm");
        Process compiler;
        try {
            compiler = new ProcessBuilder(
                            "cc",
                            "-O2",
                            "-o",
                            program.toString(),
                            settings.folder().resolve("clblast_gemm.c").toString(),
                            "-lclblast",
                            "-lOpenCL",
                            "-lm")
                    .redirectErrorStream(true)
                    .redirectOutput(program.resolveSibling("log").toFile())
                    .start();
        } catch (IOException e) {
            throw new IOException("no C compiler; sudo apt-get install gcc libclblast-dev ocl-icd-opencl-dev", e);
        }
        if (compiler.waitFor() != 0) {
            throw new IOException("CLBlast is not installed; sudo apt-get install libclblast-dev ocl-icd-opencl-dev ("
                    + Files.readString(program.resolveSibling("log"))
                            .lines()
                            .findFirst()
                            .orElse("cc failed") + ")");
        }
        return new LineServer(
                List.of(program.toString(), deviceName, String.valueOf(settings.sliceSeconds())), Map.of());
    }

    Contender contender(String work) {
        return () -> {
            to.write(work + "\n");
            to.flush();
            return (Double) answer(work).get("micros");
        };
    }

    private Map<?, ?> answer(String work) throws IOException {
        String line = from.readLine();
        if (line == null) {
            String last = Files.readString(errors)
                    .lines()
                    .reduce((a, b) -> b)
                    .orElse("exit code " + (process.isAlive() ? "none" : process.exitValue()));
            throw new IOException(work + " ended it: " + last);
        }
        return (Map<?, ?>) java.util.Objects.requireNonNull(Json.parse("answer to " + work, line));
    }

    @Override
    public void close() throws IOException {
        to.close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroy();
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(errors);
    }
}
