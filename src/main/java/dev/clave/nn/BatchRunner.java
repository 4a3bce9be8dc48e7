package dev.clave.nn;

import dev.clave.Device;
import dev.clave.Event;
import dev.clave.op.Invocation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
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
    /** Values with samples side by side, zeros where there is no sample; empty where they lie one after the other. */
    private final float[] side;

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
        this.plan = core.plan(graph, samples, training ? Lowering.Purpose.TRAINING : Lowering.Purpose.INFERENCE);
        try {
            this.head = new LossHead(device, plan, features, 1, training);
        } catch (RuntimeException e) {
            plan.close();
            throw e;
        }
        this.side = new float[plan.format().lanes() > 1 ? plan.input().shape().elements() : 0];
        this.staging = device.isOpenCl()
                ? ByteBuffer.allocateDirect(4 * plan.input().shape().elements())
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer()
                : null;
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
        float[] placed = values;
        if (plan.format().lanes() > 1) {
            placed = side;
            Samples.block(values, samples, inputs, plan.format(), placed);
        }
        if (staging == null) {
            plan.input().write(placed);
            plan.forward();
            return null;
        }
        Event sent = plan.input().writeAsync(staging.clear().put(placed).flip());
        try {
            plan.forward();
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
        head.close();
        plan.close();
    }
}
