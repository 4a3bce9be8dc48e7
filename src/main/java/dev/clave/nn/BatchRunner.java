package dev.clave.nn;

import dev.clave.Device;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A network compiled for single batches of values given by the caller. */
final class BatchRunner implements AutoCloseable {
    private final int samples;
    private final boolean training;
    private final Plan plan;
    private final LossHead head;
    private final int inputs;
    private final int features;

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
    }

    boolean fits(int wanted, boolean wantsTraining) {
        return samples == wanted && training == wantsTraining;
    }

    private void forward(float[] values) {
        if (values.length != Math.multiplyExact(samples, inputs)) {
            throw new IllegalArgumentException(
                    samples + " samples of " + inputs + " values need " + samples * inputs + ", got " + values.length);
        }
        plan.input().write(Samples.blocked(values, samples, samples, inputs, plan.format()));
        plan.forward();
    }

    float[][] predict(float[] values) {
        forward(values);
        return Evaluation.outputs(plan, samples, features);
    }

    /** Loss and metrics; with a state, one update too. */
    Map<String, Double> run(
            float[] values, int[] labels, List<Metric> metrics, @org.jspecify.annotations.Nullable TrainState state) {
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
        forward(values);
        head.begin(0);
        head.run(0, samples, 1.0 / samples);
        metrics.forEach(Metric::reset);
        for (Metric metric : metrics) {
            if (!Evaluation.onDevice(metric)) {
                metric.update(Evaluation.outputs(plan, samples, features), labels);
            }
        }
        if (state != null) {
            plan.backward();
            state.cursor.batches++;
            state.update.run(++state.cursor.updates, state.optimizer.learningRate());
        }
        Tally tally = new Tally(samples);
        head.read(1, tally);
        return Evaluation.values(tally, metrics);
    }

    @Override
    public void close() {
        head.close();
        plan.close();
    }
}
