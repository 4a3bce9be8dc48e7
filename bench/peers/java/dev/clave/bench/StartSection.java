package dev.clave.bench;

import dev.clave.bench.report.Row;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** From the start of a process to the end of its first training step, with kernel caches empty and filled. */
final class StartSection {
    private StartSection() {}

    static void run(Rounds rounds, Settings settings) throws IOException, InterruptedException {
        Map<String, List<Double>> samples = new LinkedHashMap<>();
        for (int round = 0; round < (settings.quick() ? 1 : 5); round++) {
            Path caches = Files.createTempDirectory("clave-start");
            try {
                for (String state : List.of("cold", "warm")) {
                    stages(clave(settings), caches)
                            .forEach((stage, micros) -> sample(samples, "start " + state + "/" + stage, micros));
                }
                stages(clave(new Settings(true, "cpu", "", "", "", settings.folder())), caches)
                        .forEach((stage, micros) -> sample(samples, "start cpu/" + stage, micros));
                if (!settings.python().isEmpty()) {
                    stages(python(settings), caches)
                            .forEach((stage, micros) -> sample(samples, "start pytorch/" + stage, micros));
                }
            } finally {
                delete(caches);
            }
        }
        samples.forEach((work, values) -> {
            String[] words = work.split("/", 2);
            rounds.add(new Row(words[0], words[1], "us", 0, values));
        });
        if (settings.python().isEmpty()) {
            rounds.note("start: no PyTorch, python3 has no torch");
        }
    }

    private static void sample(Map<String, List<Double>> samples, String work, double micros) {
        samples.computeIfAbsent(work, name -> new ArrayList<>()).add(micros);
    }

    private static List<String> clave(Settings settings) {
        return PeersMain.child(FirstStep.class.getName(), settings.device());
    }

    private static List<String> python(Settings settings) {
        return List.of(
                settings.python(), settings.folder().resolve("pytorch.py").toString(), "--first-step");
    }

    /** Microseconds from the start to each line the process prints. */
    private static Map<String, Double> stages(List<String> command, Path caches)
            throws IOException, InterruptedException {
        Path errors = caches.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().put("POCL_CACHE_DIR", caches.resolve("pocl").toString());
        builder.environment().put("XDG_CACHE_HOME", caches.resolve("cache").toString());
        Map<String, Double> stages = new LinkedHashMap<>();
        long begin = System.nanoTime();
        Process process = builder.start();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                stages.put(line, (System.nanoTime() - begin) / 1e3);
            }
        }
        if (process.waitFor() != 0 || !stages.containsKey("first step")) {
            throw new IOException("no first step: " + Files.readString(errors));
        }
        return stages;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
