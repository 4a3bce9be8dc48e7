package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.internal.tune.TuningRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Devices with a planted tuning database. As a program it writes one that changes every choice it can on the tiny cases and the
 * convolution shapes of the suite, for all devices there are: {@code ./clave test -Dclave.tuning=FILE} then runs the suite on other
 * kernels than usual.
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
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < Device.list().size(); i++) {
            try (Device device = Device.open(String.valueOf(i));
                    Device cpu = Device.cpu()) {
                List<Problem> problems = new ArrayList<>();
                for (int lanes : new int[] {1, 8, 16}) {
                    Format format = new Format(DType.F32, lanes);
                    for (OpCase op : TinyCases.of(cpu, device)) {
                        problems.add(op.geometry().problem(op.direction(), format));
                    }
                    // Devices that compile for minutes do not walk the list.
                    boolean walks = Shapes.missing() == null && !TinyCases.isSlowToCompile(device);
                    for (Shapes.Named named : walks ? Shapes.convolutions() : List.<Shapes.Named>of()) {
                        Geometry conv = named.geometry();
                        conv.directions().forEach(direction -> problems.add(conv.problem(direction, format)));
                    }
                }
                lines.addAll(Files.readAllLines(plant(Path.of(arguments[0]), device, problems)));
            }
        }
        Files.write(Path.of(arguments[0]), lines, StandardCharsets.UTF_8);
        System.out.println(lines.size() + " records");
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

    /** The last setting of the first candidate that has several, for every problem: a database that changes all it can. */
    public static Path plant(Path file, Device device, List<Problem> problems) throws IOException {
        List<String> lines = new ArrayList<>();
        OpenClDevice openCl = (OpenClDevice) device;
        for (Problem problem : problems) {
            for (OpenClCandidate candidate : Operators.rows().get(problem.operator())) {
                List<Map<String, Integer>> space = new ArrayList<>(
                        candidate.refuses(problem, openCl) == null ? candidate.space(problem, openCl) : List.of());
                if (TinyCases.isSlowToCompile(device)) {
                    space.removeIf(settings -> !SettingsCases.isSmall(problem, settings));
                }
                if (space.size() > 1) {
                    lines.add(record(openCl, problem, candidate, space.get(space.size() - 1))
                            .line());
                    break;
                }
            }
        }
        return Files.write(file, lines, StandardCharsets.UTF_8);
    }
}
