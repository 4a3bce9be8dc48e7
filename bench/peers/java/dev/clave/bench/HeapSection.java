package dev.clave.bench;

import com.sun.management.ThreadMXBean;
import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.data.ImageDataset;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import java.lang.management.ManagementFactory;
import java.util.Map;

/**
 * Bytes of heap that the thread which trains allocates per step: between two steps of an epoch, and of whole fits, where long
 * and short ones differ by the steps alone and the losses of all samples are read at the end.
 */
final class HeapSection {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private HeapSection() {}

    static void run(Rounds rounds, Settings settings) throws Exception {
        int few = settings.quick() ? 10 : 100;
        ImageDataset data = Clave.images(TrainSection.BATCH * 2 * few);
        rounds.note("heap: of the calling thread; the CPU device's workers are not counted");
        try (Device device = Device.open(settings.device());
                Device cpu = Device.cpu()) {
            Map<String, Opening> contenders = Rounds.contenders();
            contenders.put("Clave", () -> ours(device, data, few, false));
            contenders.put("Clave CPU", () -> ours(cpu, data, few, false));
            contenders.put("Clave, whole fit", () -> ours(device, data, few, true));
            contenders.put("DJL", () -> {
                Djl.Training djl = new Djl.Training(
                        false, "relu", TrainSection.BATCH, 28, Clave.values("relu", data), data.labels());
                return () -> {
                    long before = THREADS.getCurrentThreadAllocatedBytes();
                    int steps = djl.epoch();
                    return (double) (THREADS.getCurrentThreadAllocatedBytes() - before) / steps;
                };
            });
            rounds.run("heap relu", "bytes", 0, contenders);
        }
    }

    private static Contender ours(Device device, ImageDataset data, int few, boolean wholeFit) {
        Model model = new Model(device, Network.of("relu"));
        model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
        return new Contender() {
            @Override
            public double sample() {
                if (wholeFit) {
                    long once = fit(few);
                    return (double) (fit(2 * few) - once) / few;
                }
                Marks marks = new Marks(few / 2, 3 * few / 2);
                fit(2 * few, marks);
                return (double) (marks.last - marks.first) / few;
            }

            private long fit(int steps, Callback... callbacks) {
                FitOptions options = FitOptions.of(data)
                        .batchSize(TrainSection.BATCH)
                        .verbose(0)
                        .numIters(steps)
                        .callbacks(callbacks);
                long before = THREADS.getCurrentThreadAllocatedBytes();
                model.fit(options);
                return THREADS.getCurrentThreadAllocatedBytes() - before;
            }

            @Override
            public void close() {
                model.close();
            }
        };
    }

    /** Bytes allocated at two steps of an epoch. */
    private static final class Marks implements Callback {
        private final int from;
        private final int to;
        private int steps;
        private long first;
        private long last;

        Marks(int from, int to) {
            this.from = from;
            this.to = to;
        }

        @Override
        public void batchEnd(Context context) {
            steps++;
            if (steps == from) {
                first = THREADS.getCurrentThreadAllocatedBytes();
            } else if (steps == to) {
                last = THREADS.getCurrentThreadAllocatedBytes();
            }
        }
    }
}
