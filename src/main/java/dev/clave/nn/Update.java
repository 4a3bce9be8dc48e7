package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Adam;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.Sgd;
import java.util.LinkedHashMap;
import java.util.Map;

/** An {@link Optimizer} at work on a parameter set: one launch a step, state tensors by name. */
final class Update implements AutoCloseable {
    private final Optimizer optimizer;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private final Owned owned = new Owned();
    private final Invocation invocation;

    Update(Device device, Optimizer optimizer, ParameterSet parameters) {
        this.optimizer = optimizer;
        Tensor values = parameters.trainedValues();
        DType real = values.dtype();
        int count = values.shape().elements();
        Geometry geometry;
        if (optimizer instanceof Optimizer.Adam adam) {
            geometry =
                    new Adam(count, adam.beta1(), adam.beta2(), adam.epsilon(), adam.weightDecay(), adam.decoupled());
            zeros(device, real, count, "first");
            zeros(device, real, count, "second");
        } else {
            Optimizer.Sgd sgd = (Optimizer.Sgd) optimizer;
            geometry = new Sgd(count, sgd.momentum(), sgd.weightDecay(), sgd.nesterov());
            zeros(device, real, count, "velocity");
        }
        try {
            this.invocation = owned.add(Chain.prepare(device, geometry.problem("forward", new Format(real, 1))))
                    .bind("parameter", values)
                    .bind("gradient", parameters.gradients());
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
        state.forEach(invocation::bind);
    }

    private void zeros(Device device, DType real, int count, String name) {
        state.put(name, owned.add(device.allocate(real, Shape.of(count))).write(new double[count]));
    }

    /** Takes the gradients from another tensor from now on. */
    void gradients(Tensor gradients) {
        invocation.bind("gradient", gradients);
    }

    /** Says to the {@link #invocation} which step it is; they count from 1. */
    void place(long step, double learningRate) {
        invocation.set("learning_rate", learningRate);
        if (optimizer instanceof Optimizer.Adam adam) {
            invocation.set("step_size", learningRate / (1 - Math.pow(adam.beta1(), (double) step)));
            invocation.set("root", 1 / Math.sqrt(1 - Math.pow(adam.beta2(), (double) step)));
        }
    }

    /** Changes the parameters. */
    Invocation invocation() {
        return invocation;
    }

    /** Moments or velocity, flat, for checkpoints. */
    Map<String, Tensor> state() {
        return state;
    }

    @Override
    public void close() {
        owned.close();
    }
}
