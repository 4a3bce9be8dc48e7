package dev.clave.bench;

import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.internal.Json;
import dev.clave.op.Format;
import dev.clave.op.Operators;
import dev.clave.op.Peak;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** {@code clave bench OPERATOR|all}: runs the JMH bench of operators and prints GFLOP/s and GB/s. */
public final class BenchMain {
    private static final String USAGE =
            "clave bench OPERATOR|all [--device D] [--candidate C] [--shape S] [--quick] [--json FILE], or --list;"
                    + " clave bench math [--device D] [--quick]";
    /** Shapes of more operations are left out of a quick run. */
    private static final double QUICK_FLOPS = 1e8;

    private String operator = "";
    private String device = "auto";
    private String candidate = "";
    private String shape = "";
    private String json = "";
    private boolean quick;
    /** GFLOP/s, the best seen so far; measured again before every problem. */
    private double peak;

    private BenchMain() {}

    /** Runs; exit code 2 for wrong usage, 1 when an operator of the catalogue has no shape or a result is wrong. */
    public static void main(String[] arguments) throws IOException {
        BenchMain main = new BenchMain();
        try {
            if (List.of(arguments).equals(List.of("binding"))) {
                BindingBench.report();
                return;
            }
            if (arguments.length > 0 && arguments[0].equals("math")) {
                main.operator = "math";
                main.parse(Arrays.copyOfRange(arguments, 1, arguments.length));
                MatrixBench.report(main.device, main.quick);
                return;
            }
            if (List.of(arguments).contains("--list")) {
                System.exit(list());
            }
            main.parse(arguments);
            main.run();
        } catch (IllegalArgumentException | DeviceException e) {
            System.err.println("clave bench: " + e.getMessage());
            System.exit(2);
        } catch (RunnerException e) {
            System.err.println("clave bench: " + e.getMessage());
            System.exit(1);
        }
    }

    private static int list() {
        Shapes shapes = new Shapes();
        for (Shapes.Entry entry : shapes.all()) {
            System.out.println(entry.operator() + " " + entry.shape() + " "
                    + String.join(" ", entry.geometry().directions()));
        }
        if (!shapes.missing().isEmpty()) {
            System.err.println("clave bench: no shape for " + shapes.missing() + "; add one to Shapes.java");
        }
        return shapes.missing().isEmpty() ? 0 : 1;
    }

    static Shapes.Entry entry(String operator, String shape) {
        for (Shapes.Entry entry : new Shapes().of(operator)) {
            if (entry.shape().equals(shape)) {
                return entry;
            }
        }
        throw new IllegalArgumentException("no shape '" + shape + "' of " + operator + "; there are "
                + new Shapes().of(operator).stream().map(Shapes.Entry::shape).toList());
    }

    private void parse(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            String word = arguments[i];
            if (word.equals("--quick")) {
                quick = true;
            } else if (List.of("--device", "--candidate", "--shape", "--json").contains(word)) {
                if (++i == arguments.length) {
                    throw new IllegalArgumentException(word + " needs a value; " + USAGE);
                }
                switch (word) {
                    case "--device" -> device = arguments[i];
                    case "--candidate" -> candidate = arguments[i];
                    case "--shape" -> shape = arguments[i];
                    default -> json = arguments[i];
                }
            } else if (operator.isEmpty() && !word.startsWith("-")) {
                operator = word;
            } else {
                throw new IllegalArgumentException("unknown argument '" + word + "'; " + USAGE);
            }
        }
        if (!List.of("all", "math").contains(operator)
                && new Shapes().of(operator).isEmpty()) {
            throw new IllegalArgumentException(
                    "unknown operator '" + operator + "', there are all, " + String.join(", ", Operators.names()));
        }
        Path folder = Path.of(json).toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--json: no directory " + folder + "; make it first");
        }
        if (!shape.isEmpty()) {
            entry(operator, shape);
        }
    }

    private void run() throws RunnerException, IOException {
        try (Device opened = Device.open(device)) {
            Device.Info info = opened.info();
            for (int i = 0; i < 5; i++) {
                peak = Math.max(peak, Peak.measure(opened));
            }
            System.out.printf(
                    Locale.ROOT,
                    "%s, %s, driver %s, binding %s, JDK %s, FMA peak %.0f GFLOP/s%n",
                    info.name(),
                    info.platform(),
                    info.driver(),
                    info.binding(),
                    Runtime.version(),
                    peak);
            List<String> rows = new ArrayList<>();
            for (Shapes.Entry entry : operator.equals("all") ? new Shapes().all() : new Shapes().of(operator)) {
                boolean wanted = shape.isEmpty() || entry.shape().equals(shape);
                for (String direction : wanted ? entry.geometry().directions() : List.<String>of()) {
                    Problem problem = entry.geometry().problem(direction, Format.NCHW);
                    if (!quick || problem.flops() <= QUICK_FLOPS) {
                        peak = Math.max(peak, Peak.measure(opened));
                        rows.add(measure(entry, problem));
                    }
                }
            }
            System.out.printf(Locale.ROOT, "FMA peak, the best of the whole run: %.0f GFLOP/s%n", peak);
            if (!json.isEmpty()) {
                Files.writeString(Path.of(json), json(info, rows));
            }
        }
    }

    private String measure(Shapes.Entry entry, Problem problem) throws RunnerException {
        String name = entry.operator() + " " + entry.shape() + " " + problem.direction();
        OptionsBuilder options = new OptionsBuilder();
        options.include(OperatorBench.class.getName())
                .param("device", device)
                .param("problem", name)
                .param("candidate", candidate)
                .param("checked", quick ? "1e7" : "3e8")
                .forks(quick ? 0 : 1)
                .warmupIterations(quick ? 1 : 3)
                .warmupTime(TimeValue.milliseconds(quick ? 100 : 200))
                .measurementIterations(quick ? 3 : 5)
                .measurementTime(TimeValue.milliseconds(quick ? 50 : 200))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        Result<?> result = new Runner(options.build()).runSingle().getPrimaryResult();
        double micros = result.getScore();
        double gflops = problem.flops() / micros / 1e3;
        double gigabytes = bytes(problem) / micros / 1e3;
        System.out.printf(
                Locale.ROOT,
                "%-44s %10.1f us +- %8.1f %8.2f GFLOP/s %5.1f %% %7.2f GB/s%n",
                name,
                micros,
                result.getScoreError(),
                gflops,
                100 * gflops / peak,
                gigabytes);
        return String.format(
                Locale.ROOT,
                "{\"operator\": %s, \"shape\": %s, \"direction\": %s, \"micros\": %.2f, \"error\": %.2f,"
                        + " \"gflops\": %.3f, \"percentOfPeak\": %.2f, \"gigabytesPerSecond\": %.3f}",
                Json.quoted(entry.operator()),
                Json.quoted(entry.shape()),
                Json.quoted(problem.direction()),
                micros,
                result.getScoreError(),
                gflops,
                100 * gflops / peak,
                gigabytes);
    }

    /** Bytes that must be moved at least: every tensor once, twice where it is read and written. */
    private static double bytes(Problem problem) {
        double bytes = 0;
        for (Slot slot : problem.slots()) {
            double once = (double) slot.shape().elements() * slot.dtype().bytes();
            bytes += slot.role() == Slot.Role.INOUT ? 2 * once : once;
        }
        return bytes;
    }

    private String json(Device.Info info, List<String> rows) {
        return String.format(
                Locale.ROOT,
                "{\n  \"device\": {\"kind\": %s, \"platform\": %s, \"name\": %s, \"driver\": %s, \"binding\": %s},\n"
                        + "  \"jdk\": %s,\n  \"candidate\": %s,\n  \"peakGflops\": %.1f,\n  \"results\": [\n    %s\n  ]\n}\n",
                Json.quoted(info.kind()),
                Json.quoted(info.platform()),
                Json.quoted(info.name()),
                Json.quoted(info.driver()),
                Json.quoted(info.binding()),
                Json.quoted(Runtime.version().toString()),
                Json.quoted(candidate.isEmpty() ? "fastest" : candidate),
                peak,
                String.join(",\n    ", rows));
    }
}
