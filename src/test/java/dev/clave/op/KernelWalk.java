package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A program for a process of its own under a memory checker: {@code walk} runs every kernel variant on tiny shapes on the
 * first OpenCL device in the layouts named, and compares the results; {@code walk-all} also those that refuse such shapes as
 * too small to pay; {@code walk-settings} runs every setting that a tuner may try; {@code
 * walk-tuned FILE} what a database planted there names; {@code planted KERNEL} runs a kernel with an
 * error.
 */
final class KernelWalk {
    private static final boolean VERBOSE = Boolean.getBoolean("clave.walk.verbose");

    private KernelWalk() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("walk-tuned")) {
            tuned(Path.of(arguments[1]));
            return;
        }
        try (Device device = Device.open("opencl");
                Device cpu = Device.cpu()) {
            System.out.println("device " + device.name() + ", " + device.info().platform());
            if (arguments[0].equals("planted")) {
                planted((OpenClDevice) device, arguments[1]);
            } else if (arguments[0].equals("walk-settings")) {
                System.out.println(settings((OpenClDevice) device, cpu) + " runs");
            } else {
                int[] layouts = Arrays.stream(arguments)
                        .skip(1)
                        .mapToInt(Integer::parseInt)
                        .toArray();
                System.out.println(walk(device, cpu, layouts, arguments[0].equals("walk-all")) + " runs");
            }
        }
    }

    private static int walk(Device device, Device cpu, int[] layouts, boolean all) {
        int runs = 0;
        for (OpCase op : TinyCases.of(cpu, device)) {
            for (int lanes : layouts) {
                Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
                for (String candidate : Operators.candidates(device, problem)) {
                    long begin = System.nanoTime();
                    TestDevices.Place place = new TestDevices.Place(device, problem, candidate);
                    TinyCases.check(place, op, Harness.run(place, op));
                    runs++;
                    if (VERBOSE) {
                        System.out.println((System.nanoTime() - begin) / 1_000_000 + " ms " + place);
                    }
                }
                for (OpenClCandidate forced :
                        all ? TinyCases.beneath((OpenClDevice) device, problem) : List.<OpenClCandidate>of()) {
                    if (forced.usesBarriers() && lanes > 1) {
                        continue; // slow, and lanes change an index only: LocalProductTest sees them
                    }
                    Consumer<Device> run = own -> TinyCases.check(
                            new TestDevices.Place(own, problem, forced.name()),
                            op,
                            Harness.run((OpenClDevice) own, problem, forced, op));
                    if (forced.usesBarriers()) {
                        run.accept(device); // has no workspace here
                    } else {
                        alone(run);
                    }
                    runs++;
                }
            }
        }
        return runs + (device.info().fp64() ? wide(device) : 0);
    }

    /**
     * Oclgrind 21.10 keeps what it knows of a released buffer for the next one, so that the written end of a larger one, such as
     * a workspace or numbers of another type, counts as unwritten: those have a context of their own.
     */
    private static void alone(Consumer<Device> run) {
        try (Device own = Device.open("opencl")) {
            run.accept(own);
        }
    }

    /** Products in double precision of the smaller shapes. */
    private static int wide(Device device) {
        int runs = 0;
        for (Gemm g : WideProducts.SHAPES) {
            Problem problem = g.problem("forward", WideProducts.WIDE);
            for (String candidate : problem.flops() < 1e5 ? Operators.candidates(device, problem) : List.<String>of()) {
                WideProducts.Data data = WideProducts.Data.of(g, true);
                alone(own -> {
                    if (!Arrays.equals(WideProducts.exact(g, data), WideProducts.run(own, g, candidate, data))) {
                        throw new AssertionError(candidate + " of " + g + " is wrong in double precision");
                    }
                });
                runs++;
            }
        }
        return runs;
    }

    private static int settings(OpenClDevice device, Device cpu) {
        int runs = 0;
        for (OpCase op : SettingsCases.tiny(cpu)) {
            Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, SettingsCases.lanes(op)));
            for (OpenClCandidate candidate : SettingsCases.candidates(device, problem)) {
                for (Map<String, Integer> settings : candidate.space(problem, device)) {
                    long begin = System.nanoTime();
                    OpenClCandidate tuned = TunedCandidate.of(candidate, settings);
                    TestDevices.Place place =
                            new TestDevices.Place(device, problem, candidate.name() + " " + Settings.text(settings));
                    TinyCases.check(place, op, Harness.run(device, problem, tuned, op));
                    runs++;
                    if (VERBOSE) {
                        System.out.println((System.nanoTime() - begin) / 1_000_000 + " ms " + place);
                    }
                }
            }
        }
        return runs;
    }

    /** What a tuning database names for the tiny cases is what runs. */
    private static void tuned(Path database) throws IOException {
        List<OpCase> cases;
        try (Device device = Device.open("opencl");
                Device cpu = Device.cpu()) {
            System.out.println("device " + device.name() + ", " + device.info().platform());
            cases = TinyCases.of(cpu, device);
            Tuned.plant(
                    database,
                    device,
                    cases.stream().flatMap(KernelWalk::problems).toList());
        }
        System.setProperty(TuningDatabase.PROPERTY, database.toString());
        int[] runs = {0};
        for (OpCase op : cases) {
            problems(op)
                    .forEach(problem -> alone(device -> {
                        if (Tuned.isTuned(device, problem)) {
                            TestDevices.Place place = new TestDevices.Place(device, problem, "twin");
                            TinyCases.check(place, op, Harness.run(place, op));
                            runs[0]++;
                        }
                    }));
        }
        int tuned = Tuned.RUNS.values().stream().mapToInt(Integer::intValue).sum();
        if (tuned != runs[0] || tuned < 20) {
            throw new AssertionError(tuned + " of " + runs[0] + " runs took planted settings");
        }
        System.out.println(tuned + " runs with planted settings");
    }

    private static Stream<Problem> problems(OpCase op) {
        return Stream.of(1, 8).map(lanes -> op.geometry().problem(op.direction(), new Format(DType.F32, lanes)));
    }

    private static void planted(OpenClDevice device, String name) {
        try (ClKernel kernel = device.kernel("planted_errors", name, Map.of());
                Tensor values = device.allocate(DType.F32, Shape.of(64))) {
            values.write(new float[64]);
            kernel.setBuffer(0, values.storage());
            kernel.enqueue(new long[] {64}, new long[] {64});
            device.finish();
        }
    }
}
