package dev.clave.bench;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What a call costs through each binding: six arguments, a launch, a transfer. The kernel is tiny, so that the call is
 * what is timed. Needs JDK 22 or newer and the packaged jar, which holds the binding over java.lang.foreign.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class BindingBench {
    private static final int LAUNCHES = 64;

    /** A kernel with its tensors. */
    @State(Scope.Benchmark)
    public static class Launching {
        @Param({"ffm", "jocl"})
        String binding = "ffm";

        private static final long[] SIZE = {64};
        private final List<Tensor> tensors = new ArrayList<>();
        private OpenClDevice device;
        private ClKernel kernel;

        /** Opens, and looks whether the kernel does its work. */
        @Setup
        public void open() {
            device = (OpenClDevice) Device.open("opencl", binding);
            kernel = device.kernel("adam", "adam_forward_reference", Map.of("WEIGHT_DECAY", "0.0"));
            for (int i = 0; i < 4; i++) {
                tensors.add(device.allocate(DType.F32, Shape.of(64)).write(new float[64]));
            }
            float[] ones = new float[64];
            java.util.Arrays.fill(ones, 1);
            tensors.get(1).write(ones);
            setSix();
            kernel.setReal(6, 0.5, false);
            kernel.setReal(7, 1, false);
            kernel.enqueue(SIZE, SIZE);
            if (tensors.get(0).readFloats()[63] >= 0) {
                throw new IllegalStateException("the kernel did not step against the gradient");
            }
        }

        void setSix() {
            for (int i = 0; i < 4; i++) {
                kernel.setBuffer(i, tensors.get(i).storage());
            }
            kernel.setInt(4, 64);
            kernel.setReal(5, 0.001, false);
        }

        void enqueue(int times) {
            for (int i = 0; i < times; i++) {
                kernel.enqueue(SIZE, SIZE);
            }
        }

        void finish() {
            device.finish();
        }

        /** Releases everything. */
        @TearDown
        public void close() {
            device.close();
        }
    }

    /** As above; waits after each invocation, outside the time measured. */
    public static class Enqueueing extends Launching {
        /** Waits. */
        @TearDown(Level.Invocation)
        public void drain() {
            finish();
        }
    }

    /** A tensor and an array of its size. */
    @State(Scope.Benchmark)
    public static class Transfer {
        @Param({"ffm", "jocl"})
        String binding = "ffm";

        @Param({"4", "4096", "4194304"})
        int bytes = 4;

        private Device device;
        private Tensor tensor;
        private float[] values;

        /** Opens. */
        @Setup
        public void open() {
            device = Device.open("opencl", binding);
            values = new float[bytes / 4];
            values[values.length - 1] = 1;
            tensor = device.allocate(DType.F32, Shape.of(values.length)).write(values);
            if (tensor.readFloats()[values.length - 1] != 1) {
                throw new IllegalStateException("what was read is not what was written");
            }
        }

        /** Releases everything. */
        @TearDown
        public void close() {
            device.close();
        }
    }

    /** Sets four buffers, an int and a float. */
    @Benchmark
    public void setSixArguments(Launching state) {
        state.setSix();
    }

    /** Enqueues back to back; the wait is outside the time measured. */
    @Benchmark
    @OperationsPerInvocation(LAUNCHES)
    public void enqueue(Enqueueing state) {
        state.enqueue(LAUNCHES);
    }

    /** A launch as an embedder makes it: six arguments, then the kernel; the wait is outside the time measured. */
    @Benchmark
    @OperationsPerInvocation(LAUNCHES)
    public void setSixAndEnqueue(Enqueueing state) {
        for (int i = 0; i < LAUNCHES; i++) {
            state.setSix();
            state.enqueue(1);
        }
    }

    /** Enqueues back to back and waits once. */
    @Benchmark
    @OperationsPerInvocation(LAUNCHES)
    public void launchAndWait(Launching state) {
        state.enqueue(LAUNCHES);
        state.finish();
    }

    /** Host to device, blocking. */
    @Benchmark
    public void write(Transfer state) {
        state.tensor.storage().write(state.values, 0, state.values.length);
    }

    /** Device to host, blocking. */
    @Benchmark
    public void read(Transfer state) {
        state.tensor.storage().read(state.values, 0, state.values.length);
    }

    /** Runs all and prints a line each, with heap bytes per call. */
    static void report() throws RunnerException {
        OptionsBuilder options = new OptionsBuilder();
        options.include(BindingBench.class.getName()).addProfiler(GCProfiler.class);
        List<String> lines = new ArrayList<>();
        for (RunResult result : new Runner(options.build()).run()) {
            String name = result.getPrimaryResult().getLabel();
            String bytes = result.getParams().getParam("bytes");
            lines.add(String.format(
                    Locale.ROOT,
                    "%-16s %8s B  %-4s %10.3f us +- %8.3f  %8.1f heap B",
                    name,
                    bytes == null ? "-" : bytes,
                    result.getParams().getParam("binding"),
                    result.getPrimaryResult().getScore(),
                    result.getPrimaryResult().getScoreError(),
                    result.getSecondaryResults().get("gc.alloc.rate.norm").getScore()));
        }
        System.out.println();
        try (Device device = Device.open("opencl")) {
            System.out.printf("%s, %s, JDK %s%n", device.name(), device.info().platform(), Runtime.version());
        }
        lines.stream().sorted().forEach(System.out::println);
    }
}
