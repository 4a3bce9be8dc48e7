package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import java.util.ArrayList;
import java.util.List;

/** A training step without batch gathering in one of its forms; here because plans are not public. */
public final class BenchPlan implements AutoCloseable {
    private static final int CLASSES = 10;

    private final Device device;
    private final int batch;
    private final ParameterSet parameters;
    private final Plan plan;
    private final LossHead head;
    private final Update update;
    private final Chain chain;
    private long steps;

    /** How a step runs. */
    public enum Form {
        /** As users have it: fused operators, and their launches in one kernel where the device allows. */
        CHAINED("fused, chained"),
        /** Fused operators, each a launch or a few. */
        FUSED("fused, launch by launch"),
        /** One operator after the other, the oracle. */
        PLAIN("operator by operator");

        private final String words;

        Form(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** Compiles; the input is drawn at random. */
    public BenchPlan(Device device, Network network, int batch, Form form) {
        this.device = device;
        this.batch = batch;
        Graph graph = network.graph();
        Format format = Plan.format(device, DType.F32);
        parameters = new ParameterSet(device, DType.F32, graph.root());
        parameters.initialise(1);
        plan = new Plan(device, graph, parameters, format, batch, Lowering.Purpose.TRAINING, 1, form != Form.PLAIN);
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
        List<Invocation> work = new ArrayList<>(plan.forwardPass());
        work.addAll(head.invocations());
        work.addAll(plan.backwardPass());
        work.add(update.invocation());
        chain = Chain.of(work, form == Form.CHAINED);
    }

    /** Runs steps and waits for the last. */
    public void run(int count) {
        for (int i = 0; i < count; i++) {
            plan.at(steps, 0);
            head.place(0, batch, 1.0 / batch);
            update.place(++steps, 0.001);
            chain.run();
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

    /** Launches of a step: the plan's, loss and its gradient, the update; gathering is one more. And what is enqueued. */
    public String launches() {
        return plan.report().launches() + 3 + " launches a step before gathering, enqueued as " + chain.launches();
    }

    @Override
    public void close() {
        chain.close();
        update.close();
        head.close();
        plan.close();
        parameters.close();
    }
}
