package dev.clave.bench;

import dev.clave.Device;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One problem, as {@code operator shape direction}. One call enqueues once and waits: launch and wait are in the time. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class OperatorBench {
    @Param({"auto"})
    String device = "auto";

    @Param({"conv2d lenet1 forward"})
    String problem = "";

    /** Empty for the fastest. */
    @Param({""})
    String candidate = "";

    /** Operations the check may cost. */
    @Param({"1e9"})
    String checked = "1e9";

    private Device opened;
    private Inputs inputs;

    /** Checks the result, then prepares. */
    @Setup
    public void open() {
        String[] words = problem.split(" ", -1);
        Shapes.Entry entry = BenchMain.entry(words[0], words[1]);
        opened = Device.open(device);
        Check.run(opened, entry, words[2], candidate, Double.parseDouble(checked));
        inputs = new Inputs(
                opened,
                entry.geometry().problem(words[2], Check.format(opened, entry, entry.batch())),
                candidate,
                false);
    }

    /** One run, waited for. */
    @Benchmark
    public void run() {
        inputs.run();
        opened.finish();
    }

    /** Releases everything. */
    @TearDown
    public void close() {
        inputs.close();
        opened.close();
    }
}
