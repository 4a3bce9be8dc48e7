package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A network compiled for a device and a batch: buffers, candidates and arguments are decided once, {@link #forward} and
 * {@link #backward} only enqueue. Used by one thread at a time.
 */
final class Plan implements AutoCloseable {
    private final Device device;
    private final Format format;
    private final int batch;
    private final Lowering lowering;
    private final BufferPool pool = new BufferPool();
    private final List<Invocation> forward = new ArrayList<>();
    private final List<Invocation> backward = new ArrayList<>();
    private final List<Invocation> random = new ArrayList<>();
    private final boolean fuse;

    /**
     * Compiles.
     *
     * @param seed of the dropout masks
     */
    Plan(
            Device device,
            Graph graph,
            ParameterSet parameters,
            Format format,
            int batch,
            Lowering.Purpose use,
            long seed) {
        this(device, graph, parameters, format, batch, use, seed, true);
    }

    /**
     * Compiles.
     *
     * @param fuse false runs operator by operator, the oracle of the fused form
     */
    Plan(
            Device device,
            Graph graph,
            ParameterSet parameters,
            Format format,
            int batch,
            Lowering.Purpose use,
            long seed,
            boolean fuse) {
        this.device = device;
        this.fuse = fuse;
        this.format = format;
        this.batch = batch;
        if (use != Lowering.Purpose.INFERENCE) {
            parameters.needGradients();
        }
        this.lowering = new Lowering(
                graph, parameters, format, batch, use, seed, fuse && device.isOpenCl() && format.real() == DType.F32);
        try {
            pool.place(device, lowering.buffers());
            lowering.constants().forEach((buffer, values) -> buffer.tensor().write(values));
            prepare(device, lowering.forward(), forward);
            prepare(device, lowering.backward(), backward);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The layout for training and inference: as many samples side by side as a vector has lanes. */
    static Format format(Device device, DType real) {
        int lanes = device.isOpenCl() && real == DType.F32
                ? Integer.highestOneBit(Math.max(1, Math.min(device.info().vectorWidth(), 16)))
                : 1;
        return new Format(real, lanes);
    }

    private void prepare(Device device, List<Step> steps, List<Invocation> into) {
        for (Step step : steps) {
            Invocation invocation = Chain.prepare(device, step.problem());
            into.add(invocation);
            step.buffers().forEach((slot, buffer) -> invocation.bind(slot, buffer.tensor()));
            if (!step.problem().scalars().isEmpty()) {
                random.add(invocation);
            }
        }
    }

    /** Sets what dropout masks depend on: the step from 0 and the index of the batch's first sample in its epoch. */
    void at(long step, long firstSample) {
        for (int i = 0; i < random.size(); i++) {
            random.get(i).set("step", (double) step).set("first_sample", (double) firstSample);
        }
    }

    void forward() {
        run(forward);
    }

    /** For a chain, with what is run before and behind. */
    List<Invocation> forwardPass() {
        return forward;
    }

    List<Invocation> backwardPass() {
        return backward;
    }

    void backward() {
        run(backward);
    }

    /** By index: an iterator a call would be most of what a step takes from the heap. */
    private static void run(List<Invocation> invocations) {
        for (int i = 0; i < invocations.size(); i++) {
            invocations.get(i).run();
        }
    }

    /** What is launched, in order, and why, see {@link PlanReport}. */
    String explain() {
        return report().text(false);
    }

    /** The launches of a step, forward then backward. */
    PlanReport report() {
        List<PlanReport.Run> runs = new ArrayList<>();
        pair(lowering.forward(), forward, runs);
        pair(lowering.backward(), backward, runs);
        return new PlanReport(
                device,
                runs,
                fuse,
                String.format(
                        Locale.ROOT,
                        "%.2f MB of buffers, batch %d, %d samples side by side",
                        pool.bytes() / 1e6,
                        batch,
                        format.lanes()));
    }

    private static void pair(List<Step> steps, List<Invocation> invocations, List<PlanReport.Run> into) {
        for (int i = 0; i < steps.size(); i++) {
            into.add(new PlanReport.Run(steps.get(i).layer(), invocations.get(i)));
        }
    }

    Format format() {
        return format;
    }

    int batch() {
        return batch;
    }

    /** What an input or output of the graph holds. */
    Tensor tensor(Node node) {
        return lowering.of(node).tensor();
    }

    Tensor input() {
        return lowering.input().tensor();
    }

    Tensor output() {
        return lowering.output().tensor();
    }

    Tensor outputGradient() {
        return present(lowering.outputGradient(), "gradient of the output").tensor();
    }

    Tensor inputGradient() {
        return present(lowering.inputGradient(), "gradient of the input").tensor();
    }

    private static Buffer present(@Nullable Buffer buffer, String what) {
        if (buffer == null) {
            throw new IllegalStateException("this plan computes no " + what);
        }
        return buffer;
    }

    @Override
    public void close() {
        forward.forEach(Invocation::close);
        backward.forEach(Invocation::close);
        pool.close();
    }
}
