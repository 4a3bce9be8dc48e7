package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.io.Safetensors;
import java.nio.file.Path;

/** A trained network that evaluates and predicts. */
public final class Classifier implements AutoCloseable {
    private static final int BATCH = 64;

    private final Device device;
    private final Network network;
    private final ParameterSet parameters;
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
        if (!Network.names().contains(name)) {
            throw new FormatException(
                    model.toString(), -1, "holds network '" + name + "', known are " + Network.names());
        }
        this.network = Network.of(name);
        this.parameters = new ParameterSet(device, DType.F32, network.layer());
        try {
            parameters.load(model.toString(), weights);
        } catch (FormatException e) {
            parameters.close();
            throw e;
        }
        this.plan = new Plan(
                device,
                network.graph(),
                parameters,
                Plan.format(device, DType.F32),
                BATCH,
                Lowering.Purpose.INFERENCE,
                0);
    }

    /** The network in use. */
    public Network network() {
        return network;
    }

    private void check(ImageDataset data) {
        if (data.height() != network.height() || data.width() != network.width()) {
            throw new IllegalArgumentException(data.name() + ": images are " + data.height() + "x" + data.width()
                    + ", the network takes " + network.height() + "x" + network.width());
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
        parameters.close();
    }
}
