package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Chain;
import dev.clave.op.GatherImages;
import dev.clave.op.Invocation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Brings batches to a plan's input. A dataset lies on the device as a whole and a batch is one gather; other sources are
 * prepared on the host, {@link #CHUNK} batches at a time, by workers while the device computes.
 */
final class Feed implements AutoCloseable {
    /** Batches uploaded at once: an upload waits for the work before it, so that there should be few. */
    static final int CHUNK = 32;

    private final BatchSource source;
    private final int batch;
    private final int steps;
    private final boolean resident;
    private final Owned owned = new Owned();
    private final Tensor images;
    private final Tensor labels;
    private final Tensor order;
    private final Invocation gather;
    private final @Nullable ExecutorService workers;
    private int[] samples = {};
    private int epoch;
    private int loaded = -1;
    private int[] loadedLabels = {};
    private @Nullable Chunk next;

    /** Steps from begin to before end, at least one. */
    record Span(int begin, int end) {
        /** Checks the order. */
        Span {
            if (begin < 0 || end <= begin) {
                throw new IllegalArgumentException("no batch between " + begin + " and " + end);
            }
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // compared by identity only
    private record Chunk(byte[] pixels, int[] labels, List<Future<?>> parts) {}

    /**
     * Takes memory for the source.
     *
     * @param steps batches of a pass
     * @param pad background pixels on each side
     * @param workers threads that prepare batches; 0 for the calling thread
     */
    Feed(Device device, Plan plan, Tensor batchLabels, BatchSource source, int steps, int pad, int workers) {
        this.source = source;
        this.batch = plan.batch();
        this.steps = steps;
        this.resident = source instanceof BatchSource.Resident;
        int held = resident ? source.size() : Math.multiplyExact(Math.min(CHUNK, steps), batch);
        try {
            this.images = owned.add(device.allocate(DType.U8, Shape.of(held, source.height(), source.width())));
            this.labels = owned.add(device.allocate(DType.I32, Shape.of(held)));
            this.order = owned.add(device.allocate(DType.I32, Shape.of(held))).write(Samples.identity(held));
            if (source instanceof BatchSource.Resident whole) {
                images.write(whole.data().pixels());
                labels.write(whole.data().labels());
            }
            this.gather = owned.add(Chain.prepare(
                            device,
                            new GatherImages(held, batch, 1, source.height(), source.width(), pad, LossHead.IGNORED)
                                    .problem("forward", plan.format())))
                    .bind("images", images)
                    .bind("labels", labels)
                    .bind("order", order)
                    .bind("output", plan.input())
                    .bind("batchLabels", batchLabels);
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
        this.workers = resident || workers == 0
                ? null
                : Executors.newFixedThreadPool(workers, task -> {
                    Thread thread = new Thread(task, "clave-batches");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    int steps() {
        return steps;
    }

    /** Samples of a batch. */
    int live(int step) {
        return Math.min(batch, source.size() - step * batch);
    }

    /** Place of a batch's first sample in the pass. */
    int first(int step) {
        return step * batch;
    }

    /** Starts a pass over the samples in an order; batches are gathered in theirs, but may begin in the middle. */
    void begin(int passEpoch, int[] passOrder) {
        samples = passOrder;
        epoch = passEpoch;
        loaded = -1;
        next = null;
        if (resident) {
            order.write(passOrder);
        }
    }

    /** Brings what the batch consists of to the device and says to {@link #gather} which one it is. */
    void place(int step) {
        int first = first(step);
        if (!resident) {
            load(step / CHUNK);
            first = step % CHUNK * batch;
        }
        gather.set("first", first).set("live", live(step));
    }

    /** Moves the batch that was placed to the plan's input. */
    Invocation gather() {
        return gather;
    }

    /** Labels of the batch that was placed last, in its order. */
    int[] labels(int step) {
        int[] found = new int[live(step)];
        for (int i = 0; i < found.length; i++) {
            found[i] = source instanceof BatchSource.Resident whole
                    ? whole.data().labels()[samples[first(step) + i]]
                    : loadedLabels[step % CHUNK * batch + i];
        }
        return found;
    }

    private void load(int index) {
        if (index == loaded) {
            return;
        }
        Chunk chunk = next == null ? prepare(index) : next;
        next = null;
        finish(chunk);
        images.write(chunk.pixels());
        labels.write(chunk.labels());
        loadedLabels = chunk.labels();
        loaded = index;
        if (workers != null && (index + 1) * CHUNK < steps) {
            next = prepare(index + 1);
        }
    }

    private Chunk prepare(int index) {
        Span span = new Span(index * CHUNK, Math.min(steps, (index + 1) * CHUNK));
        Chunk chunk = new Chunk(
                new byte[images.shape().elements()], new int[labels.shape().elements()], new ArrayList<>());
        for (int step = span.begin(); step < span.end(); step++) {
            int part = step;
            int[] passOrder = samples;
            int passEpoch = epoch;
            if (workers == null) {
                fill(chunk, part, passOrder, passEpoch);
            } else {
                chunk.parts().add(workers.submit(() -> fill(chunk, part, passOrder, passEpoch)));
            }
        }
        return chunk;
    }

    private void fill(Chunk chunk, int step, int[] passOrder, int passEpoch) {
        int size = source.height() * source.width();
        for (int i = 0; i < live(step); i++) {
            int to = step % CHUNK * batch + i;
            int index = passOrder[step * batch + i];
            int label = source.sample(passEpoch, index, chunk.pixels(), to * size);
            if (label < 0 || label >= source.classes()) {
                throw new IllegalArgumentException(source.name() + ": label " + label + " of sample " + index
                        + " is outside 0.." + (source.classes() - 1));
            }
            chunk.labels()[to] = label;
        }
    }

    private static void finish(Chunk chunk) {
        for (Future<?> part : chunk.parts()) {
            try {
                part.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                throw new IllegalStateException("a worker failed: " + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while batches were prepared", e);
            }
        }
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.shutdownNow();
        }
        owned.close();
    }
}
