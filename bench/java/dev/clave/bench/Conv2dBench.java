package dev.clave.bench;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.internal.rng.Philox;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** conv2d on layer shapes of LeNet and VGG. One call enqueues once and waits, so the launch and the wait are in the time. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class Conv2dBench {
    @Param({"auto"})
    String device = "auto";

    @Param({"lenet1", "lenet2", "linear", "vgg"})
    String shape = "lenet1";

    @Param({"forward", "backwardInput", "backwardWeight"})
    String direction = "forward";

    private final List<Tensor> tensors = new ArrayList<>();
    private Device opened;
    private Invocation invocation;

    static Conv2d geometry(String shape) {
        return switch (shape) {
            case "lenet1" -> new Conv2d(64, 1, 28, 28, 6, Window.of(3, 3).pad(1));
            case "lenet2" -> new Conv2d(64, 6, 14, 14, 16, Window.of(5, 5));
            case "linear" -> new Conv2d(64, 400, 1, 1, 120, Window.of(1, 1));
            case "vgg" -> new Conv2d(16, 64, 28, 28, 64, Window.of(3, 3).pad(1));
            default -> throw new IllegalArgumentException("unknown shape " + shape);
        };
    }

    /** Prepares, and looks whether the result is finite and of a plausible size; the tests check the values. */
    @Setup
    public void open() {
        opened = Device.open(device);
        Format format = new Format(DType.F32, opened.isOpenCl() ? 16 : 1);
        Problem problem = geometry(shape).problem(direction, format);
        invocation = Operators.prepare(opened, problem);
        Philox random = new Philox(1, 0);
        for (Slot slot : problem.slots()) {
            float[] values = new float[slot.shape().elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextFloat() - 0.5f;
            }
            Tensor tensor = opened.allocate(slot.dtype(), slot.shape()).write(values);
            tensors.add(tensor);
            invocation.bind(slot.name(), tensor);
        }
        invocation.run();
        for (float value : tensors.get(tensors.size() - 1).readFloats()) {
            if (!Float.isFinite(value) || Math.abs(value) > 1e4) {
                throw new IllegalStateException("the result is not plausible: " + value);
            }
        }
        System.out.println(String.format(
                Locale.ROOT,
                "# %s, binding %s, candidate %s, %.1f MFLOP",
                opened.name(),
                opened.info().binding(),
                invocation.candidate(),
                problem.flops() / 1e6));
    }

    /** One run, waited for. */
    @Benchmark
    public void run() {
        invocation.run();
        opened.finish();
    }

    /** Releases everything. */
    @TearDown
    public void close() {
        invocation.close();
        tensors.forEach(Tensor::close);
        opened.close();
    }
}
