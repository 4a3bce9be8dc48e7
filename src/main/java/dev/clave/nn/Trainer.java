package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import dev.clave.io.Safetensors;
import dev.clave.op.Adam;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Trains a network with Adam on softmax cross-entropy, and evaluates it. A training step only enqueues. */
public final class Trainer implements AutoCloseable {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;

    /**
     * One epoch.
     *
     * @param loss mean over samples, accuracy share in [0, 1], seconds wall time up to the last finish
     */
    public record Epoch(double loss, double accuracy, double seconds, int steps) {
        /** Wall time per step in milliseconds, batch gathering included. */
        public double stepMillis() {
            return seconds * 1000 / steps;
        }
    }

    private final Device device;
    private final LeNet network;
    private final Plan plan;
    private final Pass training;
    private final @Nullable Pass evaluation;
    private final Tensor first;
    private final Tensor second;
    private final Invocation optimizer;
    private final double learningRate;
    private final long seed;
    private final int samples;
    private double step;
    private int epoch;

    /**
     * Compiles the network and moves the data to the device.
     *
     * @param batch samples per step, at least 1 and at most the training samples
     * @param learningRate finite and above 0
     * @param seed of the initial weights and of the order of samples
     */
    public Trainer(
            Device device,
            LeNet network,
            ImageDataset train,
            @Nullable ImageDataset test,
            int batch,
            double learningRate,
            long seed) {
        if (batch < 1 || batch > train.size()) {
            throw new IllegalArgumentException(
                    "batch is between 1 and the " + train.size() + " training images, got " + batch);
        }
        if (!(learningRate > 0 && learningRate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("learning rate is finite and above 0, got " + learningRate);
        }
        this.device = device;
        this.learningRate = learningRate;
        this.seed = seed;
        this.samples = train.size();
        this.network = network;
        int height = train.height() + 2 * network.pad();
        int width = train.width() + 2 * network.pad();
        this.plan = new Plan(device, network.layers(), batch, height, width, null, true);
        plan.initialise(seed);
        this.training = new Pass(device, plan, train, batch, network.pad(), true);
        this.evaluation = test == null ? null : new Pass(device, plan, test, batch, network.pad(), false);
        int total = plan.parameterBuffer().shape().elements();
        this.first = device.allocate(DType.F32, Shape.of(total)).write(new float[total]);
        this.second = device.allocate(DType.F32, Shape.of(total)).write(new float[total]);
        this.optimizer = Operators.prepare(
                        device, new Adam(total, BETA1, BETA2, 1e-8, 0, false).problem("forward", Format.NCHW))
                .bind("parameter", plan.parameterBuffer())
                .bind("gradient", plan.gradientBuffer())
                .bind("first", first)
                .bind("second", second)
                .set("learning_rate", learningRate);
    }

    /** Number of trainable parameters. */
    public int parameters() {
        return plan.parameters().stream().mapToInt(p -> p.shape().elements()).sum();
    }

    /** Steps of one epoch. */
    public int steps() {
        return training.steps();
    }

    /** One pass over the training data in a new order; progress gets the number of steps enqueued. */
    public Epoch train(IntConsumer progress) {
        return train(training.steps(), progress);
    }

    /** The first steps of an epoch. */
    public Epoch train(int steps, IntConsumer progress) {
        long begin = System.nanoTime();
        int[] order = identity(samples);
        new Philox(seed, -1 - epoch++).shuffle(order);
        training.order(order);
        for (int s = 0; s < steps; s++) {
            training.gather(s);
            plan.forward();
            training.loss(s);
            plan.backward();
            step++;
            optimizer.set("step_size", learningRate / (1 - Math.pow(BETA1, step)));
            optimizer.set("root", 1 / Math.sqrt(1 - Math.pow(BETA2, step)));
            optimizer.run();
            if (s % 32 == 31) {
                // Bounds what is enqueued, and lets the progress tell the truth.
                device.finish();
                progress.accept(s + 1);
            }
        }
        device.finish();
        double seconds = (System.nanoTime() - begin) / 1e9;
        double[] result = training.result(steps);
        return new Epoch(result[0], result[1], seconds, steps);
    }

    /** Loss and accuracy on the test data. */
    public Epoch evaluate() {
        if (evaluation == null) {
            throw new IllegalStateException("no test data was given");
        }
        long begin = System.nanoTime();
        int steps = evaluation.steps();
        int count = (steps - 1) * evaluation.live(0) + evaluation.live(steps - 1);
        evaluation.order(identity(count));
        for (int s = 0; s < steps; s++) {
            evaluation.gather(s);
            plan.forward();
            evaluation.loss(s);
        }
        double[] result = evaluation.result(steps);
        return new Epoch(result[0], result[1], (System.nanoTime() - begin) / 1e9, steps);
    }

    static int[] identity(int count) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = i;
        }
        return values;
    }

    /**
     * Writes the weights as safetensors with PyTorch's names and layouts; the metadata names the network. Atomic.
     *
     * @throws IllegalArgumentException when the directory is missing
     */
    public void save(Path file) {
        Safetensors weights = new Safetensors();
        weights.metadata().put("network", network.name());
        for (Plan.Parameter parameter : plan.parameters()) {
            weights.put(
                    parameter.name(),
                    parameter.shape(),
                    plan.tensor(parameter.name()).readFloats());
        }
        weights.write(file);
    }

    /**
     * Takes the weights of a file.
     *
     * @throws dev.clave.FormatException when the file is broken or holds other tensors; nothing is changed then
     */
    public void load(Path file) {
        plan.load(file.toString(), Safetensors.read(file));
    }

    /** The compiled network, for tests. */
    Plan plan() {
        return plan;
    }

    @Override
    public void close() {
        optimizer.close();
        training.close();
        if (evaluation != null) {
            evaluation.close();
        }
        first.close();
        second.close();
        plan.close();
    }
}
