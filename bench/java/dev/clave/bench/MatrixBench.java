package dev.clave.bench;

import dev.clave.Device;
import dev.clave.math.DeviceMatrices;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.BlockRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Where the device overtakes commons-math3: products of square matrices, and a decomposition with one right side, everything
 * the caller waits for in the time. The contenders alternate, round by round, so that what else runs on the machine meets
 * all of them; medians are reported.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MatrixBench {
    private static final List<String> CONTENDERS = List.of("commons", "block", "device");
    private static final int ROUNDS = 5;

    @Param({"auto"})
    String device = "auto";

    @Param({"commons"})
    String contender = "commons";

    @Param({"product"})
    String task = "product";

    @Param({"128"})
    int size = 128;

    private Device opened;
    private DeviceMatrices matrices;
    private RealMatrix a;
    private RealMatrix b;

    /** Draws the matrices and looks whether the results agree. */
    @Setup
    public void open() {
        opened = Device.open(device);
        matrices = DeviceMatrices.on(opened).thresholds(0, 0);
        a = random(1);
        b = random(2);
        if (contender.equals("device")) {
            RealMatrix difference = task.equals("product")
                    ? matrices.product(a, b).subtract(a.multiply(b))
                    : a.multiply(matrices.lu(a).solve(b)).subtract(b);
            if (!(difference.getNorm() <= 1e-9 * size * a.getNorm())) {
                throw new IllegalStateException(task + " of " + size + " is wrong by " + difference.getNorm());
            }
        }
    }

    private RealMatrix random(long seed) {
        Random random = new Random(seed);
        double[][] values = new double[size][size];
        for (double[] row : values) {
            Arrays.setAll(row, i -> random.nextGaussian());
        }
        return contender.equals("block") ? new BlockRealMatrix(values) : new Array2DRowRealMatrix(values, false);
    }

    /** One product, or one decomposition and a solve. */
    @Benchmark
    public Object run() {
        if (task.equals("product")) {
            return contender.equals("device") ? matrices.product(a, b) : a.multiply(b);
        }
        return (contender.equals("device") ? matrices.lu(a) : new LUDecomposition(a).getSolver())
                .solve(b.getColumnVector(0));
    }

    /** Releases everything. */
    @TearDown
    public void close() {
        matrices.close();
        opened.close();
    }

    /** Prints a line for each task and size. */
    static void report(String device, boolean quick) throws RunnerException {
        try (Device opened = Device.open(device)) {
            System.out.printf(
                    Locale.ROOT,
                    "%s, %s, binding %s, JDK %s; medians of %d alternating rounds, us%n",
                    opened.name(),
                    opened.info().platform(),
                    opened.info().binding(),
                    Runtime.version(),
                    ROUNDS);
        }
        for (String task : List.of("product", "solve")) {
            int[] sizes = task.equals("product")
                    ? new int[] {16, 32, 48, 64, 96, 128, 192, 256, 512, 1024}
                    : new int[] {32, 64, 96, 128, 192, 256, 384, 512, 1024};
            for (int size : sizes) {
                if (!quick || size <= 256) {
                    System.out.println(line(device, task, size));
                }
            }
        }
    }

    private static String line(String device, String task, int size) throws RunnerException {
        // A decomposition works on an array of its own: the class of the matrix makes no difference.
        List<String> contenders = task.equals("product") ? CONTENDERS : List.of("commons", "device");
        Map<String, List<Double>> times = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (String contender : contenders) {
                OptionsBuilder options = new OptionsBuilder();
                options.include(MatrixBench.class.getName())
                        .param("device", device)
                        .param("contender", contender)
                        .param("task", task)
                        .param("size", String.valueOf(size))
                        .forks(0)
                        .warmupIterations(round == 0 ? 2 : 1)
                        .warmupTime(TimeValue.milliseconds(round == 0 ? 400 : 50))
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(200))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT);
                double micros = new Runner(options.build())
                        .runSingle()
                        .getPrimaryResult()
                        .getScore();
                times.computeIfAbsent(contender, key -> new ArrayList<>()).add(micros);
            }
        }
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-8s %5d ", task, size));
        double best = Double.MAX_VALUE;
        for (String contender : contenders) {
            double median = times.get(contender).stream().sorted().toList().get(ROUNDS / 2);
            best = contender.equals("device") ? best : Math.min(best, median);
            line.append(String.format(Locale.ROOT, " %s %10.1f", contender, median));
            if (contender.equals("device")) {
                line.append(String.format(Locale.ROOT, "  %.2f times as fast", best / median));
            }
        }
        return line.toString();
    }
}
