package dev.clave.djl;

import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.io.Safetensors;
import dev.clave.nn.Graph;
import dev.clave.nn.Inference;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxSession;
import dev.clave.onnx.OnnxTensor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Compiled plans of one network. A plan serves one thread at a time: a run takes one that is idle or compiles another, and
 * gives it back. What was idle longest goes when there are more than {@value #MOST_IDLE}.
 */
abstract class Runners implements AutoCloseable {
    private static final int MOST_IDLE = 16;

    private final Deque<Plan> idle = new ArrayDeque<>();
    private boolean closed;

    /** A plan for a size of batch. */
    record Plan(int batch, AutoCloseable compiled) {
        void close() {
            try {
                compiled.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("closing a plan declares no exception", e);
            }
        }
    }

    /** Runs once. */
    abstract List<OnnxTensor> run(List<OnnxTensor> inputs);

    /** An idle plan for the size, or one that is compiled now. */
    final Plan take(int batch, Supplier<AutoCloseable> compiler) {
        synchronized (idle) {
            checkOpen();
            for (Plan plan : idle) {
                if (plan.batch == batch) {
                    idle.remove(plan);
                    return plan;
                }
            }
        }
        return new Plan(batch, compiler.get());
    }

    /** Runs a plan and gives it back; one that failed goes. */
    final <T> T use(Plan plan, Function<AutoCloseable, T> run) {
        T result;
        try {
            result = run.apply(plan.compiled());
        } catch (RuntimeException e) {
            plan.close();
            throw e;
        }
        give(plan);
        return result;
    }

    final void give(Plan plan) {
        Plan gone = plan;
        synchronized (idle) {
            if (!closed) {
                idle.addFirst(plan);
                gone = idle.size() > MOST_IDLE ? idle.removeLast() : null;
            }
        }
        if (gone != null) {
            gone.close();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("Clave: the model is closed");
        }
    }

    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
            idle.forEach(Plan::close);
            idle.clear();
        }
    }

    /**
     * A network of one input and one output, for any batch: a batch is filled up with zeros to the next power of two, so
     * that few plans serve all sizes. Samples do not depend on one another.
     */
    static final class Networks extends Runners {
        private final Device device;
        private final String name;
        private final int[] sample;
        private final Supplier<Graph> graph;
        private final Safetensors weights;
        private final int[] output;

        Networks(Device device, String name, int[] sample, Supplier<Graph> graph, Safetensors weights) {
            this.device = device;
            this.name = name;
            this.sample = sample;
            this.graph = graph;
            this.weights = weights;
            this.output = graph.get().outputs().get(0).shape();
            give(new Plan(1, compile(1))); // what does not fit is said when the model is loaded
        }

        private Inference compile(int batch) {
            synchronized (weights) {
                return new Inference(device, graph.get(), weights, batch);
            }
        }

        @Override
        List<OnnxTensor> run(List<OnnxTensor> inputs) {
            OnnxTensor input = inputs.get(0);
            float[] values = input.floats();
            int[] extents = input.shape().toArray();
            if (values == null
                    || extents.length != sample.length + 1
                    || !Arrays.equals(sample, Arrays.copyOfRange(extents, 1, extents.length))
                    || extents[0] < 1) {
                throw new IllegalArgumentException("Clave: input '" + name + "' is FLOAT32 [batch of 1 or more"
                        + IntStream.of(sample).mapToObj(extent -> ", " + extent).reduce("", String::concat) + "], got "
                        + input);
            }
            int samples = extents[0];
            int batch = samples == 1 ? 1 : Integer.highestOneBit(samples - 1) << 1;
            Plan plan = take(batch, () -> compile(batch));
            float[] filled = Arrays.copyOf(values, values.length / samples * batch);
            float[] all = use(plan, inference ->
                    (float[]) ((Inference) inference).run(List.of(filled)).get(0));
            float[] results = Arrays.copyOf(all, all.length / batch * samples);
            int[] shape = new int[output.length + 1];
            shape[0] = samples;
            System.arraycopy(output, 0, shape, 1, output.length);
            return List.of(OnnxTensor.of("output", Shape.of(shape), results));
        }
    }

    /** A model run as it stands, for the shapes it is given. */
    static final class Sessions extends Runners {
        private final Device device;
        private final OnnxModel model;

        Sessions(Device device, OnnxModel model) {
            this.device = device;
            this.model = model;
        }

        @Override
        List<OnnxTensor> run(List<OnnxTensor> inputs) {
            Map<String, OnnxTensor> named = new HashMap<>();
            inputs.forEach(tensor -> named.put(tensor.name(), tensor));
            Plan plan = take(0, () -> new OnnxSession(device, model));
            return use(
                    plan,
                    session -> List.copyOf(((OnnxSession) session).run(named).values()));
        }
    }
}
