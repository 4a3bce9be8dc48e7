package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import dev.clave.io.Safetensors;
import dev.clave.op.Format;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Trains a network on softmax cross-entropy and evaluates it. A training step only enqueues: no memory is allocated on the
 * device, and loss and hits stay there until the epoch ends. Used by one thread at a time.
 */
public final class Trainer implements AutoCloseable {
    /** Steps enqueued before the queue is drained: bounds what is in flight, and lets a progress display tell the truth. */
    private static final int BURST = 32;

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
    private final Network network;
    private final ParameterSet parameters;
    private final Plan plan;
    private final Pass training;
    private final @Nullable Pass evaluation;
    private final Update update;
    private final Optimizer optimizer;
    private final long seed;
    private final int samples;
    private final int testSamples;
    private final List<Runnable> releases = new ArrayList<>();
    private final @Nullable Plan inference;
    private double[] stepLosses = {};
    private long step;
    private int epoch;

    /**
     * Compiles the network and moves the data to the device.
     *
     * @param test images for {@link #evaluate}, null for none
     * @param batch samples per step, at least 1 and at most the training samples
     * @param seed of the initial weights, the order of samples and dropout masks
     * @throws IllegalArgumentException when the batch or the images do not fit
     */
    public Trainer(
            Device device,
            Network network,
            ImageDataset train,
            @Nullable ImageDataset test,
            int batch,
            Optimizer optimizer,
            long seed) {
        if (batch < 1 || batch > train.size()) {
            throw new IllegalArgumentException(
                    "batch is between 1 and the " + train.size() + " training images, got " + batch);
        }
        check(network, train);
        this.device = device;
        this.network = network;
        this.optimizer = optimizer;
        this.seed = seed;
        this.samples = train.size();
        this.testSamples = test == null ? 0 : test.size();
        Graph graph = network.graph();
        Format format = Plan.format(device, DType.F32);
        this.parameters = own(new ParameterSet(device, DType.F32, network.layer()), ParameterSet::close);
        parameters.initialise(seed);
        this.plan =
                own(new Plan(device, graph, parameters, format, batch, Lowering.Purpose.TRAINING, seed), Plan::close);
        this.training = own(new Pass(device, plan, train, batch, network.pad(), true), Pass::close);
        if (test == null) {
            this.inference = null;
            this.evaluation = null;
        } else {
            check(network, test);
            Plan forward = own(
                    new Plan(device, graph, parameters, format, batch, Lowering.Purpose.INFERENCE, seed), Plan::close);
            this.inference = forward;
            this.evaluation = own(new Pass(device, forward, test, batch, network.pad(), false), Pass::close);
        }
        this.update = own(new Update(device, optimizer, parameters), Update::close);
    }

    private <T> T own(T resource, Consumer<T> release) {
        releases.add(() -> release.accept(resource));
        return resource;
    }

    private static void check(Network network, ImageDataset data) {
        if (data.height() != network.height() || data.width() != network.width()) {
            throw new IllegalArgumentException(data.name() + ": images are " + data.height() + "x" + data.width()
                    + ", network " + network.name() + " takes " + network.height() + "x" + network.width());
        }
    }

    /** Number of trained parameters. */
    public int parameters() {
        return parameters.count(true);
    }

    /** Steps of one epoch. */
    public int steps() {
        return training.steps();
    }

    /** What is launched in a step, in order. */
    public String explain() {
        return plan.explain();
    }

    /** One pass over the training data in a new order; progress gets the number of steps done. */
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
            plan.at(step, training.first(s));
            training.gather(s);
            plan.forward();
            training.loss(s);
            plan.backward();
            update.run(++step, optimizer.learningRate());
            if (s % BURST == BURST - 1) {
                device.finish();
                progress.accept(s + 1);
            }
        }
        device.finish();
        double seconds = (System.nanoTime() - begin) / 1e9;
        stepLosses = training.stepLosses(steps);
        double[] result = training.result(steps);
        return new Epoch(result[0], result[1], seconds, steps);
    }

    /** Mean loss of each step of the last epoch, before the step's update. */
    public double[] stepLosses() {
        return stepLosses.clone();
    }

    /** Loss and accuracy on the test data. */
    public Epoch evaluate() {
        if (evaluation == null || inference == null) {
            throw new IllegalStateException("no test data was given");
        }
        long begin = System.nanoTime();
        int steps = evaluation.steps();
        evaluation.order(identity(testSamples));
        for (int s = 0; s < steps; s++) {
            evaluation.gather(s);
            inference.forward();
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
        parameters.save(weights);
        weights.write(file);
    }

    /**
     * Takes the weights of a file.
     *
     * @throws dev.clave.FormatException when the file is broken or holds other tensors; nothing is changed then
     */
    public void load(Path file) {
        parameters.load(file.toString(), Safetensors.read(file));
    }

    /** The compiled network, for tests. */
    Plan plan() {
        return plan;
    }

    /** Values and gradients, for tests. */
    ParameterSet parameterSet() {
        return parameters;
    }

    @Override
    public void close() {
        Collections.reverse(releases);
        releases.forEach(Runnable::run);
        releases.clear();
    }
}
