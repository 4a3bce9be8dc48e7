package dev.clave.bench;

import dev.clave.Device;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Where a run was made. */
final class Environment {
    private Environment() {}

    static Map<String, String> of(Device device, String python) {
        Device.Info info = device.info();
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        environment.put("device", info.name() + (info.platform().isEmpty() ? "" : " (" + info.platform() + ")"));
        environment.put("driver", info.driver());
        environment.put("binding", info.binding());
        environment.put("JDK", System.getProperty("java.vendor.version", "") + " " + Runtime.version());
        environment.put("CPU", cpu() + ", " + Settings.threads() + " processors");
        environment.put("OS", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        environment.put("source", source());
        environment.put("DJL", peer(Djl::version));
        environment.put("ONNX Runtime", peer(OnnxRuntime::version));
        environment.put(
                "PyTorch",
                python.isEmpty()
                        ? "not installed"
                        : output(List.of(python, "-c", "import torch; print(torch.__version__)")));
        return environment;
    }

    /** Commit of what is measured, with a mark when the files are newer; what a run writes itself does not count. */
    private static String source() {
        List<String> files =
                List.of("--", "java", "peers", "kernels", "pytorch.py", "clblast_gemm.c", "../src", "../kernels");
        List<String> log = new ArrayList<>(List.of("git", "log", "-1", "--format=%h"));
        log.addAll(files);
        List<String> status = new ArrayList<>(List.of("git", "status", "--porcelain"));
        status.addAll(files);
        return output(log) + (output(status).isEmpty() ? "" : " and uncommitted changes");
    }

    private static String peer(java.util.function.Supplier<String> version) {
        try {
            return version.get();
        } catch (RuntimeException | LinkageError e) {
            return "not usable: " + Rounds.reason(e);
        }
    }

    private static String cpu() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** A Python with torch: the one CLAVE_PYTHON names, else python3; empty when there is none. */
    static String python() {
        String python = Objects.requireNonNullElse(System.getenv("CLAVE_PYTHON"), "python3");
        if (output(List.of(python, "-c", "import torch, numpy; print('yes')")).equals("yes")) {
            return python;
        }
        System.out.println("no PyTorch: " + python
                + " has no torch and numpy; pip install torch numpy in a venv and set" + " CLAVE_PYTHON to its python");
        return "";
    }

    /** What a command prints, {@code unknown} when it fails. */
    private static String output(List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.directory(Path.of(System.getProperty("clave.bench", ".")).toFile());
            builder.environment().remove("LD_PRELOAD");
            Process process = builder.start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0 ? text : "unknown";
        } catch (IOException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }
}
