package dev.clave.bench;

import dev.clave.Device;
import dev.clave.op.Format;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** {@code clave bench conv2d [device]}: runs the JMH bench of one operator and prints GFLOP/s. */
public final class BenchMain {
    private BenchMain() {}

    /** Runs. */
    public static void main(String[] arguments) throws RunnerException {
        if (arguments.length == 1 && arguments[0].equals("binding")) {
            BindingBench.report();
            return;
        }
        if (arguments.length < 1 || !arguments[0].equals("conv2d")) {
            System.err.println("clave bench: name an operator that has a bench; there are conv2d and binding");
            System.exit(2);
        }
        String device = arguments.length > 1 ? arguments[1] : "auto";
        Device.Info info;
        try (Device opened = Device.open(device)) {
            info = opened.info();
        }
        ChainedOptionsBuilder options =
                new OptionsBuilder().include(Conv2dBench.class.getName()).param("device", device);
        Collection<RunResult> results = new Runner(options.build()).run();
        System.out.printf(
                "%n%s, %s, binding %s, JDK %s%n", info.name(), info.platform(), info.binding(), Runtime.version());
        for (RunResult result : results) {
            String shape = result.getParams().getParam("shape");
            String direction = result.getParams().getParam("direction");
            double micros = result.getPrimaryResult().getScore();
            double flops =
                    Conv2dBench.geometry(shape).problem(direction, Format.NCHW).flops();
            System.out.printf(
                    Locale.ROOT,
                    "conv2d %-8s %-15s %10.1f us +- %6.1f  %7.2f GFLOP/s%n",
                    shape,
                    direction,
                    micros,
                    result.getPrimaryResult().getScoreError(),
                    flops / micros / 1e3);
        }
    }
}
