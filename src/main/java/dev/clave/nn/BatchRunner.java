package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Transpose;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network compiled for single batches of values given by the caller. */
final class BatchRunner implements AutoCloseable {
    private final int samples;
    private final boolean training;
    private final Plan plan;
    private final LossHead head;
    private final int inputs;
    private final int features;
    private final Owned owned = new Owned();
    /** The samples one after the other; the plan's input where that is alike. */
    private final Tensor values;
    /** From there to the outputs. */
    private final Chain pass;

    /** Values on their way to an OpenCL device, so that nothing waits until the outputs are read; null elsewhere. */
    private final @Nullable FloatBuffer staging;

    BatchRunner(Core core, Device device, int[] sampleShape, int samples, boolean training) {
        this.samples = samples;
        this.training = training;
        Graph graph = Graph.record(core.layer(), sampleShape);
        if (training) {
            Core.checkScores(graph);
        }
        this.inputs = Arrays.stream(sampleShape).reduce(1, Math::multiplyExact);
        this.features = graph.output().features();
        try {
            this.plan = owned.add(
                    core.plan(graph, samples, training ? Lowering.Purpose.TRAINING : Lowering.Purpose.INFERENCE));
            this.head = owned.add(new LossHead(device, plan, features, 1, training));
            List<Invocation> work = new ArrayList<>();
            this.values = plan.format().lanes() == 1 ? plan.input() : interleaved(device, work);
            work.addAll(plan.forwardPass());
            this.pass = owned.add(core.chain(work));
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
        this.staging = device.isOpenCl()
                ? ByteBuffer.allocateDirect(Math.multiplyExact(4 * samples, inputs))
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer()
                : null;
    }

    /** Memory for samples one after the other, with zeros behind the last one, and the work that lays them side by side in the plan's input. */
    private Tensor interleaved(Device device, List<Invocation> work) {
        int lanes = plan.format().lanes();
        int blocks = plan.format().blocks(samples);
        Tensor plain = owned.add(device.allocate(DType.F32, Shape.of(blocks * lanes, inputs)))
                .write(new float[blocks * lanes * inputs]);
        Transpose geometry = new Transpose(blocks, Shape.of(lanes, inputs), List.of(1, 0));
        work.add(owned.add(Chain.prepare(device, geometry.problem("forward", new Format(DType.F32, 1))))
                .bind("input", plain)
                .bind("output", plan.input()));
        return owned.add(plain.view(0, Shape.of(samples * inputs)));
    }

    boolean fits(int wanted, boolean wantsTraining) {
        return samples == wanted && training == wantsTraining;
    }

    /** Enqueues; the transfer's event is to be closed once the outputs were read. */
    private @Nullable Event forward(float[] values) {
        if (values.length != Math.multiplyExact(samples, inputs)) {
            throw new IllegalArgumentException(
                    samples + " samples of " + inputs + " values need " + samples * inputs + ", got " + values.length);
        }
        if (staging == null) {
            this.values.write(values);
            pass.run();
            return null;
        }
        Event sent = this.values.writeAsync(staging.clear().put(values).flip());
        try {
            pass.run();
            return sent;
        } catch (RuntimeException e) {
            sent.close();
            throw e;
        }
    }

    float[][] predict(float[] values) {
        Event sent = forward(values);
        try {
            return Evaluation.outputs(plan, samples, features);
        } finally {
            close(sent);
        }
    }

    /** Loss and metrics; with a state, one update too. */
    Map<String, Double> run(float[] values, int[] labels, List<Metric> metrics, @Nullable TrainState state) {
        for (int label : labels) {
            if (label < 0 || label >= features) {
                throw new IllegalArgumentException("label " + label + " is outside 0.." + (features - 1));
            }
        }
        int[] padded = new int[head.labels().shape().elements()];
        Arrays.fill(padded, LossHead.IGNORED);
        System.arraycopy(labels, 0, padded, 0, samples);
        head.labels().write(padded);
        if (state != null) {
            plan.at(state.cursor.batches, 0);
        }
        Event sent = forward(values);
        try {
            head.begin(0);
            head.place(0, samples, 1.0 / samples);
            head.invocations().forEach(Invocation::run);
            metrics.forEach(Metric::reset);
            for (Metric metric : metrics) {
                if (!Evaluation.onDevice(metric)) {
                    metric.update(Evaluation.outputs(plan, samples, features), labels);
                }
            }
            if (state != null) {
                plan.backwardPass().forEach(Invocation::run);
                state.cursor.batches++;
                state.update.place(++state.cursor.updates, state.optimizer.learningRate());
                state.update.invocation().run();
            }
            Tally tally = new Tally(samples);
            head.read(1, tally);
            return Evaluation.values(tally, metrics);
        } finally {
            close(sent);
        }
    }

    private static void close(@Nullable Event sent) {
        if (sent != null) {
            sent.close();
        }
    }

    @Override
    public void close() {
        owned.close();
    }
}
