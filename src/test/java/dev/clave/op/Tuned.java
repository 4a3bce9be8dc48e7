package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.internal.tune.TuningRecord;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/**
 * Devices with a planted tuning database. As a program it writes one that changes every choice it can on the cases of the
 * suite, for all devices there are; {@code ./clave test -Dclave.tuning=planted} runs the suite with it, on other kernels than
 * usual.
 */
public final class Tuned {
    private Tuned() {}

    /** Opens a device with the database that a property value names. */
    public static void with(String selector, String database, Consumer<Device> test) {
        String before = System.setProperty(TuningDatabase.PROPERTY, database);
        try (Device device = Device.open(selector)) {
            test.accept(device);
        } finally {
            if (before == null) {
                System.clearProperty(TuningDatabase.PROPERTY);
            } else {
                System.setProperty(TuningDatabase.PROPERTY, before);
            }
        }
    }

    /** A record that is right in every way. */
    static TuningRecord record(
            OpenClDevice device, Problem problem, OpenClCandidate candidate, Map<String, Integer> set) {
        Tuning none = new Tuning(device, TuningDatabase.of(List.of(), List.of()));
        return new TuningRecord(
                Tuning.key(device, problem),
                TuningDatabase.library(),
                none.source(candidate.with(set), problem),
                candidate.name(),
                new TreeMap<>(set),
                1,
                1);
    }

    /** Writes a database to the file named. */
    public static void main(String[] arguments) throws IOException {
        System.out.println(plantAll(Path.of(arguments[0])) + " records");
    }

    /** Writes a database for all devices there are and the cases of the suite; how many records it has. */
    static int plantAll(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < Device.list().size(); i++) {
            try (Device device = Device.open(String.valueOf(i));
                    Device cpu = Device.cpu()) {
                lines.addAll(lines(device, problems(cpu, device)));
            }
        }
        Files.write(file, lines, StandardCharsets.UTF_8);
        return lines.size();
    }

    /** What the suite's cases of operators with settings ask of a device. */
    private static Set<Problem> problems(Device cpu, Device device) throws IOException {
        boolean slow = TinyCases.isSlowToCompile(device);
        List<Geometry> geometries = new ArrayList<>();
        for (OpCase op : TinyCases.of(cpu, device)) {
            geometries.add(op.geometry());
        }
        // A device that compiles for minutes walks the tiny cases alone.
        if (!slow) {
            for (Golden golden : Golden.of("conv2d")) {
                geometries.add(golden.geometry("conv2d"));
            }
            for (Golden golden : Golden.of("gemm")) {
                Gemm gemm = (Gemm) golden.geometry("gemm");
                geometries.add(gemm);
                geometries.add(gemm.gradientA().gemm());
                geometries.add(gemm.gradientB().gemm());
            }
            geometries.addAll(FusedCases.geometries());
            geometries.addAll(WideProducts.SHAPES);
            for (Shapes.Named named : Shapes.missing() == null ? Shapes.convolutions() : List.<Shapes.Named>of()) {
                geometries.add(named.geometry());
            }
        }
        Set<Problem> problems = new LinkedHashSet<>();
        for (Geometry geometry : geometries) {
            for (String direction : geometry.directions()) {
                for (int lanes : new int[] {1, 8, 16}) {
                    problems.add(geometry.problem(direction, new Format(DType.F32, lanes)));
                }
                if (device.info().fp64()) {
                    problems.add(geometry.problem(direction, new Format(DType.F64, 1)));
                }
            }
        }
        if (!slow) {
            problems.addAll(ofNetworks(device));
        }
        return problems;
    }

    /** Those of the networks in batches that tests take. */
    static Set<Problem> ofNetworks(Device device) {
        Set<Problem> problems = new LinkedHashSet<>();
        for (String name : Network.names()) {
            try (Model model = new Model(device, Network.of(name))) {
                for (int batch : new int[] {16, 20, 32, 64}) {
                    problems.addAll(model.problems(batch, true));
                    problems.addAll(model.problems(batch, false));
                }
            }
        }
        return problems;
    }

    /** The class by which the jar knows a device. */
    public static String deviceClass(Device device) {
        return Tuning.deviceClass((OpenClDevice) device);
    }

    /** Whether the device's database has something to say to a problem. */
    public static boolean isTuned(Device device, Problem problem) {
        OpenClDevice openCl = (OpenClDevice) device;
        List<OpenClCandidate> all = Operators.rows().get(problem.operator());
        return all != null
                && !Tuning.of(openCl).order(problem, all).get(0).note().isEmpty();
    }

    /** Writes a database that changes the choice for every problem it can. */
    public static Path plant(Path file, Device device, List<Problem> problems) throws IOException {
        return Files.write(file, lines(device, problems), StandardCharsets.UTF_8);
    }

    /** A record for each problem that has a choice: by turns of the problems, everything that is not the usual choice. */
    private static List<String> lines(Device device, Collection<Problem> problems) {
        OpenClDevice openCl = (OpenClDevice) device;
        List<String> lines = new ArrayList<>();
        for (Problem problem : problems) {
            List<List<TuningRecord>> choices = new ArrayList<>();
            for (OpenClCandidate candidate : Operators.rows().getOrDefault(problem.operator(), List.of())) {
                List<TuningRecord> others = others(openCl, problem, candidate);
                if (!others.isEmpty()) {
                    choices.add(others);
                }
            }
            if (!choices.isEmpty()) {
                int turn = (problem + " " + problem.geometry() + " " + problem.format()).hashCode() & 0xffff;
                List<TuningRecord> others = choices.get(turn % choices.size());
                lines.add(others.get(turn / choices.size() % others.size()).line());
            }
        }
        return lines;
    }

    /** What a candidate has but its own choice; also that where it leaves the problem to others. */
    private static List<TuningRecord> others(OpenClDevice device, Problem problem, OpenClCandidate candidate) {
        if (OpenClBackend.limit(candidate, problem, device) != null) {
            return List.of();
        }
        boolean leaves = candidate.doubts(problem, device) != null;
        return candidate.space(problem, device).stream()
                .skip(leaves ? 0 : 1)
                .filter(settings -> !settings.isEmpty())
                .filter(settings -> !TinyCases.isSlowToCompile(device) || SettingsCases.isSmall(problem, settings))
                .map(settings -> record(device, problem, candidate, settings))
                .toList();
    }

    /** Runs of what was measured, by device and binding. */
    static final Map<String, Integer> RUNS = new ConcurrentSkipListMap<>();

    /** Counts a run if its settings come from a database. */
    static void count(Device device, Invocation invocation) {
        if (invocation.note().startsWith("tuned")) {
            RUNS.merge(device.name() + "|" + device.info().binding(), 1, Integer::sum);
        }
    }
}
