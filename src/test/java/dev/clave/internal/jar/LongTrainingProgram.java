package dev.clave.internal.jar;

import com.sun.management.ThreadMXBean;
import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Trains for long in a process of its own and prints what memory does: a line {@code at STEP ...} every so many steps. */
final class LongTrainingProgram {
    private LongTrainingProgram() {}

    /** Looks at the memory without taking any that counts. */
    private static final class Watch implements Callback {
        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final Device device;
        private final int every;
        private final List<String> lines = new ArrayList<>();
        private long begin;
        private int beginStep = -1;

        Watch(Device device, int every) {
            this.device = device;
            this.every = every;
        }

        @Override
        public void epochBegin(Context context) {
            beginStep = -1;
        }

        @Override
        public void batchEnd(Context context) {
            long steps = context.totalSteps();
            if (steps % every == 0 && beginStep >= 0) {
                long bytes = threads.getCurrentThreadAllocatedBytes() - begin;
                double perStep = (double) bytes / (context.step() - beginStep);
                lines.add(String.format(
                        Locale.ROOT,
                        "at %d heap %.1f ledger %d rss %d",
                        steps,
                        perStep,
                        device.liveBytes(),
                        residentBytes()));
                beginStep = -1;
            }
            if (beginStep < 0) {
                beginStep = context.step();
                begin = threads.getCurrentThreadAllocatedBytes();
            }
        }
    }

    private static long residentBytes() {
        try {
            return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Trains.
     *
     * @param arguments device, binding, steps, steps between two looks, samples
     */
    public static void main(String[] arguments) {
        int every = Integer.parseInt(arguments[3]);
        try (Device device = Device.open(arguments[0], arguments[1]);
                Model model = new Model(device, Network.of("relu")).seed(7)) {
            Watch watch = new Watch(device, every);
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            long begin = System.nanoTime();
            model.fit(FitOptions.of(BuiltInDigits.generate(Integer.parseInt(arguments[4]), 1))
                    .batchSize(64)
                    .epochs(1000)
                    .numIters(Integer.parseInt(arguments[2]))
                    .callbacks(watch)
                    .verbose(0));
            System.out.println("seconds " + (System.nanoTime() - begin) / 1e9);
            watch.lines.forEach(System.out::println);
        }
    }
}
