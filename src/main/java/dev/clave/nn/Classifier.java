package dev.clave.nn;

import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.io.Safetensors;
import java.nio.file.Path;

/** A trained network that evaluates and predicts. */
public final class Classifier implements AutoCloseable {
    private static final int BATCH = 64;

    private final Device device;
    private final LeNet network;
    private final Plan plan;

    /**
     * Loads a weights file; its metadata names the network.
     *
     * @throws FormatException when the file is broken or holds another network
     */
    public Classifier(Device device, Path model) {
        Safetensors weights = Safetensors.read(model);
        String name = weights.metadata().get("network");
        if (name == null) {
            throw new FormatException(
                    model.toString(), -1, "the metadata names no network; save weights with train --save");
        }
        this.device = device;
        this.network = LeNet.of(name);
        int side = 28 + 2 * network.pad();
        this.plan = new Plan(device, network.layers(), BATCH, side, side, null, false);
        try {
            plan.load(model.toString(), weights);
        } catch (FormatException e) {
            plan.close();
            throw e;
        }
    }

    /** The network in use. */
    public LeNet network() {
        return network;
    }

    private static void check(ImageDataset data) {
        if (data.height() != 28 || data.width() != 28) {
            throw new IllegalArgumentException(
                    data.name() + ": images are " + data.height() + "x" + data.width() + ", the network takes 28x28");
        }
    }

    /** Loss and accuracy on all images. */
    public Trainer.Epoch evaluate(ImageDataset data) {
        check(data);
        long begin = System.nanoTime();
        try (Pass pass = new Pass(device, plan, data, BATCH, network.pad(), false)) {
            pass.order(Trainer.identity(data.size()));
            for (int step = 0; step < pass.steps(); step++) {
                pass.gather(step);
                plan.forward();
                pass.loss(step);
            }
            double[] result = pass.result(pass.steps());
            return new Trainer.Epoch(result[0], result[1], (System.nanoTime() - begin) / 1e9, pass.steps());
        }
    }

    /** Probabilities [image][class] of all images, softmax of the logits. */
    public double[][] probabilities(ImageDataset data) {
        check(data);
        double[][] all = new double[data.size()][data.classes()];
        int lanes = plan.format().lanes();
        try (Pass pass = new Pass(device, plan, data, BATCH, network.pad(), false)) {
            pass.order(Trainer.identity(data.size()));
            for (int step = 0; step < pass.steps(); step++) {
                pass.gather(step);
                plan.forward();
                float[] logits = plan.output().readFloats();
                for (int n = 0; n < pass.live(step); n++) {
                    double[] row = all[step * BATCH + n];
                    double most = Double.NEGATIVE_INFINITY;
                    for (int c = 0; c < row.length; c++) {
                        row[c] = logits[(n / lanes * row.length + c) * lanes + n % lanes];
                        most = Math.max(most, row[c]);
                    }
                    double sum = 0;
                    for (int c = 0; c < row.length; c++) {
                        row[c] = Math.exp(row[c] - most);
                        sum += row[c];
                    }
                    for (int c = 0; c < row.length; c++) {
                        row[c] /= sum;
                    }
                }
            }
        }
        return all;
    }

    @Override
    public void close() {
        plan.close();
    }
}
