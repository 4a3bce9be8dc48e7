package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.data.ImageDataset;
import dev.clave.op.Format;
import dev.clave.op.GatherImages;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.SoftmaxCrossEntropy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A dataset on the device, the batches drawn from it, and the loss of each sample of an epoch. */
final class Pass implements AutoCloseable {
    private static final int IGNORED = -100;

    private final Device device;
    private final ImageDataset data;
    private final int batch;
    private final int rowLength;
    private final List<Tensor> owned = new ArrayList<>();
    private final Tensor order;
    private final Tensor loss;
    private final Tensor correct;
    private final Invocation gather;
    private final Invocation lossForward;
    private final Invocation lossBackward;
    private final boolean training;

    Pass(Device device, Plan plan, ImageDataset data, int batch, int pad, boolean training) {
        this.device = device;
        this.data = data;
        this.batch = batch;
        this.training = training;
        Format format = plan.format();
        this.rowLength = format.blocks(batch) * format.lanes();
        int history = steps() * rowLength;
        Tensor images = own(DType.U8, data.size(), data.height(), data.width()).write(data.pixels());
        Tensor labels = own(DType.I32, data.size()).write(data.labels());
        Tensor batchLabels = own(DType.I32, rowLength);
        this.order = own(DType.I32, data.size());
        this.loss = own(DType.F32, history);
        this.correct = own(DType.I32, history);
        this.gather = prepare(
                format,
                new GatherImages(data.size(), batch, 1, data.height(), data.width(), pad, IGNORED),
                "forward",
                Map.of(
                        "images", images,
                        "labels", labels,
                        "order", order,
                        "output", plan.input(),
                        "batchLabels", batchLabels));
        SoftmaxCrossEntropy geometry = new SoftmaxCrossEntropy(batch, data.classes(), IGNORED, history);
        this.lossForward = prepare(
                format,
                geometry,
                "forward",
                Map.of("logits", plan.output(), "labels", batchLabels, "loss", loss, "correct", correct));
        this.lossBackward = training
                ? prepare(
                        format,
                        geometry,
                        "backwardInput",
                        Map.of("logits", plan.output(), "labels", batchLabels, "gradInput", plan.outputGradient()))
                : lossForward;
    }

    private Tensor own(DType dtype, int... extents) {
        Tensor tensor = device.allocate(dtype, Shape.of(extents));
        owned.add(tensor);
        return tensor;
    }

    private Invocation prepare(Format format, Geometry geometry, String direction, Map<String, Tensor> tensors) {
        Invocation invocation = Operators.prepare(device, geometry.problem(direction, format));
        tensors.forEach(invocation::bind);
        return invocation;
    }

    int steps() {
        return (data.size() + batch - 1) / batch;
    }

    int live(int step) {
        return Math.min(batch, data.size() - step * batch);
    }

    /** Place of a step's first sample in the order. */
    long first(int step) {
        return (long) step * batch;
    }

    void order(int[] samples) {
        order.write(samples);
    }

    void gather(int step) {
        gather.set("first", step * (double) batch).set("live", live(step)).run();
    }

    void loss(int step) {
        lossForward.set("row", step * (double) rowLength).run();
        if (training) {
            lossBackward.set("scale", 1.0 / live(step)).run();
        }
    }

    /** Mean loss of each of the first steps; waits for the device. */
    double[] stepLosses(int stepsDone) {
        float[] losses = loss.readFloats();
        double[] means = new double[stepsDone];
        for (int step = 0; step < stepsDone; step++) {
            for (int i = 0; i < live(step); i++) {
                means[step] += losses[step * rowLength + i] / live(step);
            }
        }
        return means;
    }

    /** Mean loss and share of right answers of the steps so far; waits for the device. */
    double[] result(int stepsDone) {
        float[] losses = loss.readFloats();
        int[] hits = correct.readInts();
        double sum = 0;
        long right = 0;
        long samples = 0;
        for (int step = 0; step < stepsDone; step++) {
            for (int i = 0; i < live(step); i++) {
                sum += losses[step * rowLength + i];
                right += hits[step * rowLength + i];
                samples++;
            }
        }
        return new double[] {sum / samples, (double) right / samples};
    }

    @Override
    public void close() {
        gather.close();
        lossForward.close();
        lossBackward.close();
        owned.forEach(Tensor::close);
        owned.clear();
    }
}
