package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.SoftmaxCrossEntropy;
import java.util.List;
import java.util.Map;

/**
 * Softmax cross-entropy behind a plan. Loss and hits of every batch of a pass stay on the device until somebody asks; then
 * only the rows that are not yet known are read.
 */
final class LossHead implements AutoCloseable {
    static final int IGNORED = -100;

    private final Device device;
    private final int rowLength;
    private final int rows;
    private final boolean training;
    private final Owned owned = new Owned();
    private final Tensor labels;
    private final Tensor loss;
    private final Tensor hits;
    private final Invocation forward;
    private final Invocation backward;
    private final int[] live;
    private int firstUnread;

    /**
     * Prepares.
     *
     * @param rows batches of a pass
     */
    LossHead(Device device, Plan plan, int classes, int rows, boolean training) {
        this.device = device;
        this.training = training;
        this.rows = rows;
        this.live = new int[rows];
        Format format = plan.format();
        this.rowLength = format.blocks(plan.batch()) * format.lanes();
        int history = Math.multiplyExact(rows, rowLength);
        try {
            this.labels = own(DType.I32, rowLength);
            this.loss = own(DType.F32, history);
            this.hits = own(DType.I32, history);
            SoftmaxCrossEntropy geometry = new SoftmaxCrossEntropy(plan.batch(), classes, IGNORED, history);
            this.forward = prepare(
                    geometry,
                    "forward",
                    format,
                    Map.of("logits", plan.output(), "labels", labels, "loss", loss, "correct", hits));
            this.backward = training
                    ? prepare(
                            geometry,
                            "backwardInput",
                            format,
                            Map.of("logits", plan.output(), "labels", labels, "gradInput", plan.outputGradient()))
                    : forward;
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    private Tensor own(DType dtype, int extent) {
        return owned.add(device.allocate(dtype, Shape.of(extent)));
    }

    private Invocation prepare(Geometry geometry, String direction, Format format, Map<String, Tensor> tensors) {
        Invocation invocation = owned.add(Chain.prepare(device, geometry.problem(direction, format)));
        tensors.forEach(invocation::bind);
        return invocation;
    }

    /** Labels of the batch, with {@link #IGNORED} behind the last sample. */
    Tensor labels() {
        return labels;
    }

    /** Starts a pass at a row. */
    void begin(int row) {
        firstUnread = row;
    }

    /**
     * Says to the {@link #invocations} where the batch's loss and hits belong, and how the sum is scaled.
     *
     * @param samples of this batch
     */
    void place(int row, int samples, double scale) {
        live[row] = samples;
        forward.set("row", row * (double) rowLength);
        if (training) {
            backward.set("scale", scale);
        }
    }

    /** Loss and hits of the batch, and when training the gradient of the scaled sum. */
    List<Invocation> invocations() {
        return training ? List.of(forward, backward) : List.of(forward);
    }

    /** Brings the tally up to the rows done; waits for the device. */
    void read(int rowsDone, Tally tally) {
        if (rowsDone <= firstUnread) {
            return;
        }
        // A view starts where the device allows: some rows may be read twice.
        int grain = Math.max(1, device.viewAlignment() / 4);
        int first = firstUnread * rowLength / grain * grain;
        int count = Math.min(rows, rowsDone) * rowLength - first;
        float[] losses;
        int[] right;
        try (Tensor lossView = loss.view(first, Shape.of(count));
                Tensor hitView = hits.view(first, Shape.of(count))) {
            losses = lossView.readFloats();
            right = hitView.readInts();
        }
        for (int row = firstUnread; row < rowsDone; row++) {
            tally.add(losses, right, row * rowLength - first, live[row]);
        }
        firstUnread = rowsDone;
    }

    @Override
    public void close() {
        owned.close();
    }
}
