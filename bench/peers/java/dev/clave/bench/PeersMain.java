package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.report.Report;
import dev.clave.bench.report.Results;
import dev.clave.bench.report.Section;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code clave bench --peers}: ours beside PyTorch, DJL, ONNX Runtime and CLBlast. Every section runs in a process of its own
 * and leaves a file, so that one that fails spoils no other and an interrupted run goes on.
 */
public final class PeersMain {
    private static final String USAGE = "clave bench --peers [--quick] [--device D] [--data MNIST-DIR]"
            + " [--only SECTION,...] [--resume] [--out FOLDER]; sections are ";
    private static final long LIMIT_MINUTES = 6;

    /** What a section does. */
    @FunctionalInterface
    interface Body {
        void run(Rounds rounds, Settings settings) throws Exception;
    }

    private static final Map<String, Body> SECTIONS = sections();

    private final List<String> only = new ArrayList<>();
    private boolean quick;
    private boolean resume;
    private String device = "auto";
    private String data = "";
    private Path out = Path.of("");

    private PeersMain() {}

    private static Map<String, Body> sections() {
        Map<String, Body> sections = new LinkedHashMap<>();
        sections.put("train", TrainSection::run);
        sections.put("inference", InferenceSection::run);
        sections.put("gemm", ProductSection::run);
        sections.put("conv2d", ConvolutionSection::run);
        sections.put("start", StartSection::run);
        sections.put("heap", HeapSection::run);
        sections.put("command", CommandSection::run);
        sections.put("growth", GrowthSection::run);
        sections.put("forms", FormsSection::run);
        sections.put("candidates", CandidatesSection::run);
        return sections;
    }

    /** Runs; exit code 2 for wrong usage, 1 when a section failed. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 9 && arguments[0].equals("--section")) {
            section(arguments);
            return;
        }
        PeersMain main = new PeersMain();
        try {
            main.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("clave bench: " + e.getMessage());
            System.exit(2);
        }
        System.exit(main.run() ? 0 : 1);
    }

    private void parse(String... arguments) {
        String usage = USAGE + String.join(", ", SECTIONS.keySet());
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--peers" -> {}
                case "--quick" -> quick = true;
                case "--resume" -> resume = true;
                case "--device", "--data", "--only", "--out" -> {
                    if (i + 1 == arguments.length) {
                        throw new IllegalArgumentException(arguments[i] + " needs a value; " + usage);
                    }
                    value(arguments[i], arguments[++i]);
                }
                default -> throw new IllegalArgumentException("unknown argument '" + arguments[i] + "'; " + usage);
            }
        }
        if (!SECTIONS.keySet().containsAll(only)) {
            throw new IllegalArgumentException("unknown section in " + only + "; " + usage);
        }
    }

    private void value(String option, String value) {
        switch (option) {
            case "--device" -> device = value;
            case "--data" -> {
                if (!Files.isDirectory(Path.of(value))) {
                    throw new IllegalArgumentException("--data: no directory " + value);
                }
                data = Path.of(value).toAbsolutePath().toString();
            }
            case "--out" -> out = Path.of(value);
            default -> only.addAll(List.of(value.split(",", -1)));
        }
    }

    private boolean run() throws IOException, InterruptedException {
        Path bench = Path.of(System.getProperty("clave.bench", "bench")).toAbsolutePath();
        Path target = bench.resolveSibling("target");
        Path parts = Files.createDirectories(target.resolve(quick ? "peers-quick" : "peers"));
        djl(parts);
        String python = Environment.python();
        Map<String, String> environment;
        try (Device opened = Device.open(device)) {
            environment = Environment.of(opened, python);
        }
        boolean good = true;
        List<Section> sections = new ArrayList<>();
        for (String name : SECTIONS.keySet()) {
            Path part = parts.resolve(name + ".json");
            boolean wanted = only.isEmpty() ? !resume || !usable(part, environment) : only.contains(name);
            if (wanted) {
                Files.deleteIfExists(part);
                System.out.println(name);
                Foreign foreign = new Foreign();
                good &= start(name, part, python, bench);
                if (Files.exists(part)) {
                    finish(part, environment, foreign.processors());
                }
            }
            sections.add(
                    usable(part, environment) ? Results.read(part).sections().get(0) : missing(name));
        }
        Report.write(new Results(quick ? "quick" : "full", environment, sections), folder(bench, target));
        return good;
    }

    /** Whether a part was measured by the same program in the same environment, whatever the day. */
    private static boolean usable(Path part, Map<String, String> environment) throws IOException {
        if (!Files.exists(part)) {
            return false;
        }
        Map<String, String> then = new LinkedHashMap<>(Results.read(part).environment());
        then.put("date", environment.get("date"));
        return then.equals(environment);
    }

    private void finish(Path part, Map<String, String> environment, double others) throws IOException {
        Section measured = Results.read(part).sections().get(0).beside(others);
        new Results(quick ? "quick" : "full", environment, List.of(measured)).write(part);
        System.out.printf(Locale.ROOT, "  %.0f s, other processes used %.2f processors%n", measured.seconds(), others);
    }

    private static Section missing(String name) {
        String why = name + ": not measured, it was not asked for or its process ended early";
        return new Section(name, "", "", 0, 0, 0, 0, List.of(why), List.of());
    }

    /** Quick figures are for looking at: they do not overwrite what is kept. */
    private Path folder(Path bench, Path target) throws IOException {
        if (!out.toString().isEmpty()) {
            return Files.createDirectories(out);
        }
        return quick ? Files.createDirectories(target.resolve("peers-quick-report")) : bench;
    }

    private boolean start(String name, Path part, String python, Path bench) throws IOException, InterruptedException {
        List<String> command = child(
                PeersMain.class.getName(),
                "--section",
                name,
                part.toString(),
                quick ? "quick" : "full",
                device,
                System.getProperty("clave.launcher", ""),
                data,
                python,
                bench.toString());
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        // For DJL's OpenMP threads; see PyTorch.
        builder.environment().put("GOMP_SPINCOUNT", PyTorch.SPINS);
        Process process = builder.start();
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
            System.err.println("clave bench: " + name + " took more than " + LIMIT_MINUTES + " minutes");
            return false;
        }
        if (process.exitValue() != 0) {
            System.err.println("clave bench: " + name + " failed, see above");
        }
        return process.exitValue() == 0;
    }

    /** Lets DJL look for its native library on the class path only, unpack it in a folder of ours and use all processors. */
    private static void djl(Path folder) {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(Settings.threads()));
        System.setProperty("DJL_CACHE_DIR", folder.resolve("djl").toString());
        System.setProperty("ENGINE_CACHE_DIR", folder.resolve("djl").toString());
    }

    private static void section(String... words) throws Exception {
        djl(Path.of(words[2]).toAbsolutePath().getParent());
        Settings settings =
                new Settings(words[3].equals("quick"), words[4], words[5], words[6], words[7], Path.of(words[8]));
        Rounds rounds = new Rounds(settings, words[1], Path.of(words[2]));
        int code = 0;
        try {
            java.util.Objects.requireNonNull(SECTIONS.get(words[1])).run(rounds, settings);
        } catch (Exception e) {
            rounds.note(words[1] + " ended early: " + Rounds.reason(e));
            e.printStackTrace();
            code = 1;
        }
        rounds.save();
        System.exit(code); // DJL leaves threads behind
    }

    /** A Java process like this one. */
    static List<String> child(String main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(List.of(arguments));
        return command;
    }
}
