package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.op.Format;

/** A training step without batch gathering, fused or operator by operator; here because plans are not public. */
public final class BenchPlan implements AutoCloseable {
    private static final int CLASSES = 10;

    private final Device device;
    private final int batch;
    private final ParameterSet parameters;
    private final Plan plan;
    private final LossHead head;
    private final Update update;
    private long steps;

    /** Compiles; the input is drawn at random. */
    public BenchPlan(Device device, Network network, int batch, boolean fuse) {
        this.device = device;
        this.batch = batch;
        Graph graph = network.graph();
        Format format = Plan.format(device, DType.F32);
        parameters = new ParameterSet(device, DType.F32, graph.root());
        parameters.initialise(1);
        plan = new Plan(device, graph, parameters, format, batch, Lowering.Purpose.TRAINING, 1, fuse);
        head = new LossHead(device, plan, CLASSES, 1, true);
        update = new Update(device, Optimizer.adam(0.001), parameters);
        java.util.Random random = new java.util.Random(1);
        float[] values = new float[plan.input().shape().elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        plan.input().write(values);
        int[] labels = new int[head.labels().shape().elements()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i < batch ? i % CLASSES : LossHead.IGNORED;
        }
        head.labels().write(labels);
    }

    /** Runs steps and waits for the last. */
    public void run(int count) {
        for (int i = 0; i < count; i++) {
            plan.at(steps, 0);
            plan.forward();
            head.run(0, batch, 1.0 / batch);
            plan.backward();
            update.run(++steps, 0.001);
        }
        device.finish();
    }

    /** Mean loss of the last batch. */
    public double loss() {
        Tally tally = new Tally(batch);
        head.begin(0);
        head.read(1, tally);
        return tally.loss();
    }

    /** Operations of the plan's operators. */
    public double flops() {
        return plan.report().flops();
    }

    /** Launches of a step: the plan's, loss and its gradient, the update. Gathering is one more. */
    public int launches() {
        return plan.report().launches() + 3;
    }

    @Override
    public void close() {
        update.close();
        head.close();
        plan.close();
        parameters.close();
    }
}
