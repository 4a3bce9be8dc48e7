package dev.clave.nn;

import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.op.Add;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;

/** The sum of the gradients of several batches. */
final class Accumulator implements AutoCloseable {
    private final Owned owned = new Owned();
    private final Tensor sum;
    private final Invocation first;
    private final Invocation more;

    Accumulator(Device device, Tensor gradients) {
        int count = gradients.shape().elements();
        Format format = new Format(gradients.dtype(), 1);
        try {
            this.sum = owned.add(device.allocate(gradients.dtype(), gradients.shape()))
                    .write(new double[count]);
            Tensor zeros = owned.add(device.allocate(gradients.dtype(), gradients.shape()))
                    .write(new double[count]);
            Add add = new Add(1, count);
            this.first = owned.add(Operators.prepare(device, add.problem("forward", format)))
                    .bind("a", gradients)
                    .bind("b", zeros)
                    .bind("output", sum);
            this.more = owned.add(Operators.prepare(device, add.problem("accumulate", format)))
                    .bind("input", gradients)
                    .bind("sum", sum);
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
    }

    /** Takes the gradients of a batch; the first one replaces the sum. */
    void add(boolean isFirst) {
        (isFirst ? first : more).run();
    }

    Tensor sum() {
        return sum;
    }

    @Override
    public void close() {
        owned.close();
    }
}
