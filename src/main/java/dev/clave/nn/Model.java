package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.data.ImageDataset;
import dev.clave.io.Safetensors;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.ModelCheckpoint;
import dev.clave.nn.callback.ProgressBar;
import dev.clave.nn.callback.State;
import dev.clave.op.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A network on a device: trained, evaluated, asked, saved and loaded.
 *
 * <pre>{@code
 * try (Device device = Device.open("auto");
 *         Model model = new Model(device, new LeNet(10), InputSpec.image(1, 28, 28))) {
 *     model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
 *     model.fit(FitOptions.of(train).evalData(test).batchSize(64).epochs(5));
 *     model.save(Path.of("lenet.safetensors"));
 * }
 * }</pre>
 *
 * <p>The same seed, data, options and device give the same bits. Used by one thread at a time, but {@link #interrupt} may be
 * called by any.
 */
public final class Model implements AutoCloseable {
    private static final String UNNAMED = "custom";

    private final String name;
    private Core core;
    private @Nullable TrainState state;
    private @Nullable BatchRunner batch;
    private volatile boolean interrupted;

    /**
     * Draws the first weights with seed 1.
     *
     * @param device where it runs
     * @param layer what computes
     * @param inputs none or one; without one the network takes images as they come
     */
    public Model(Device device, Layer layer, InputSpec... inputs) {
        this(device, UNNAMED, layer, inputs);
    }

    /**
     * A network by its name, which its files will carry.
     *
     * @param device where it runs
     * @param network layer, name and input
     */
    public Model(Device device, Network network) {
        this(device, network.name(), network.layer(), network.input());
    }

    private Model(Device device, String name, Layer layer, InputSpec... inputs) {
        if (inputs.length > 1) {
            throw new IllegalArgumentException("a network has one input, got " + Arrays.toString(inputs));
        }
        this.name = name;
        InputSpec input = inputs.length == 0 ? null : inputs[0];
        if (input != null) {
            Graph.record(layer, input.sample());
        }
        this.core = new Core(device, layer, new ParameterSet(device, DType.F32, layer), input, 1, true);
        core.parameters().initialise(1);
    }

    /**
     * Draws the first weights anew; also decides the order of samples and dropout masks. Before {@link #prepare}.
     *
     * @param seed decides what is drawn; the same seed draws the same
     * @return this model
     */
    public Model seed(long seed) {
        if (state != null) {
            throw new IllegalStateException("seed: the model is prepared already; set the seed first");
        }
        closeBatch();
        core = new Core(core.device(), core.layer(), core.parameters(), core.input(), seed, core.fusion());
        core.parameters().initialise(seed);
        return this;
    }

    /**
     * {@return whether neighbouring operators may run as one, which is the default; without, every operator runs alone,
     * as an oracle} Before {@link #prepare}.
     *
     * @param fuse whether neighbours become one
     */
    public Model fusion(boolean fuse) {
        if (state != null) {
            throw new IllegalStateException("fusion: the model is prepared already; choose first");
        }
        closeBatch();
        core = new Core(core.device(), core.layer(), core.parameters(), core.input(), core.seed(), fuse);
        return this;
    }

    /**
     * {@return what a training step launches, in order: layer, operator, candidate kernel, output, work, memory, and
     * why faster candidates were not taken}
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param profile times each launch as well, alone, on arbitrary values: microseconds, GFLOP/s, percent of the FMA peak
     *     measured with them; the model's own values stay
     */
    public String explain(ImageDataset data, int batchSize, boolean profile) {
        Graph graph = core.graph(BatchSource.of(data));
        try (Plan plan = core.plan(graph, batchSize, Lowering.Purpose.TRAINING)) {
            plan.at(0, 0);
            return plan.report().text(profile);
        }
    }

    /**
     * {@return what is computed for a batch, to be tuned: by a training step, or by inference}
     *
     * @param batchSize samples that run at once, at least 1
     * @param training true for a training step
     * @throws IllegalStateException when the model has no input specification
     */
    public List<Problem> problems(int batchSize, boolean training) {
        InputSpec input = core.input();
        if (input == null) {
            throw new IllegalStateException("problems: there is no InputSpec that gives the shape");
        }
        return core.problems(
                Graph.record(core.layer(), input.sample()),
                batchSize,
                training ? Lowering.Purpose.TRAINING : Lowering.Purpose.INFERENCE);
    }

    /**
     * {@return one training step in Chrome's trace format: JSON, times in microseconds, every launch waited for} The
     * model's own values stay.
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     */
    public String trace(ImageDataset data, int batchSize) {
        Graph graph = core.graph(BatchSource.of(data));
        try (Plan plan = core.plan(graph, batchSize, Lowering.Purpose.TRAINING)) {
            plan.at(0, 0);
            return plan.report().trace();
        }
    }

    /**
     * Sets what training makes small, by what, and what is reported. A second call starts the optimizer anew; the
     * weights stay.
     *
     * @param optimizer how weights are changed
     * @param loss what is made small
     * @param metrics what is reported
     * @return this model
     */
    public Model prepare(Optimizer optimizer, Loss loss, Metric... metrics) {
        if (loss != Loss.SOFTMAX_CROSS_ENTROPY) {
            throw new IllegalArgumentException("unknown loss " + loss);
        }
        TrainState before = state;
        closeBatch();
        state = new TrainState(core, optimizer, List.of(metrics));
        if (before != null) {
            state.cursor.shuffles = before.cursor.shuffles;
            state.cursor.batches = before.cursor.batches;
            before.close();
        }
        return this;
    }

    private TrainState prepared(String what) {
        if (state == null) {
            throw new IllegalStateException(what + ": call prepare(optimizer, loss, metrics) first");
        }
        return state;
    }

    /**
     * Trains.
     *
     * @param options data, epochs and the rest
     * @return how far training came
     * @throws FormatException when the checkpoint to resume from is broken or of another network
     * @throws IllegalArgumentException when data, options or the checkpoint's options do not fit
     */
    public FitResult fit(FitOptions options) {
        TrainState training = prepared("fit");
        closeBatch();
        training.callbacks = callbacks(options);
        training.fixed = fixed(training, options);
        Cursor cursor = training.cursor;
        Path checkpoint = options.resume();
        if (checkpoint != null) {
            Checkpoint.read(training, checkpoint);
        } else {
            cursor.epoch = 0;
            cursor.step = 0;
            cursor.gathered = 0;
            cursor.rateScale = 1;
            training.tally = null;
        }
        RunContext context = new RunContext(this, training.callbacks, cursor, settings(training, options));
        context.evalData = options.evalData();
        try (FitLoop loop = new FitLoop(training, options, context)) {
            return loop.run();
        } finally {
            interrupted = false;
        }
    }

    private static List<Callback> callbacks(FitOptions options) {
        List<Callback> all = new ArrayList<>();
        List<Callback> last = new ArrayList<>();
        for (Callback callback : options.callbacks()) {
            (callback instanceof ModelCheckpoint ? last : all).add(callback);
        }
        if (all.stream().noneMatch(ProgressBar.class::isInstance)) {
            all.add(0, new ProgressBar(options.verbose(), options.logFreq()));
        }
        Path directory = options.saveDir();
        if (directory != null && last.isEmpty()) {
            last.add(new ModelCheckpoint(directory).every(options.saveFreq()));
        }
        all.addAll(last);
        return all;
    }

    /** What a resumed run must have in common with the one before, or the bits would differ. */
    private Map<String, String> fixed(TrainState training, FitOptions options) {
        Map<String, String> fixed = new TreeMap<>();
        fixed.put("optimizer", training.optimizer.toString());
        fixed.put("schedule", options.schedule().describe());
        fixed.put("seed", Long.toString(core.seed()));
        fixed.put("trainData", options.trainData().name());
        fixed.put("samples", Integer.toString(options.trainData().size()));
        fixed.put("batchSize", Integer.toString(options.batchSize()));
        fixed.put("dropLast", Boolean.toString(options.dropLast()));
        fixed.put("dropout", dropout(core.graph(options.trainData())));
        fixed.put("shuffle", Boolean.toString(options.shuffle()));
        fixed.put("accumulateGradBatches", Integer.toString(options.accumulateGradBatches()));
        return fixed;
    }

    private static String dropout(Graph graph) {
        return graph.live().stream()
                .map(Node::operation)
                .filter(Operation.Dropout.class::isInstance)
                .map(operation -> String.valueOf(((Operation.Dropout) operation).p()))
                .toList()
                .toString();
    }

    private Map<String, String> settings(TrainState training, FitOptions options) {
        Map<String, String> settings = settings();
        settings.put("trainData", options.trainData().name());
        BatchSource evalData = options.evalData();
        if (evalData != null) {
            settings.put("evalData", evalData.name());
        }
        settings.put("epochs", Integer.toString(options.epochs()));
        settings.putAll(training.fixed);
        return settings;
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        Device.Info info = core.device().info();
        settings.put("network", name);
        settings.put("device", info.name());
        settings.put("platform", info.platform());
        settings.put("binding", info.binding());
        return settings;
    }

    /**
     * Ends the running fit after its current step; {@link #saveCheckpoint} then saves what {@link FitOptions#resume} goes on
     * from. May be called from any thread.
     */
    public void interrupt() {
        interrupted = true;
    }

    boolean isInterrupted() {
        return interrupted;
    }

    /**
     * {@return loss ({@code loss}, {@code lastLoss}) and metrics on data} A running fit, whose callback asks, keeps its
     * own.
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param callbacks what is told of the run
     */
    public Map<String, Double> evaluate(ImageDataset data, int batchSize, Callback... callbacks) {
        return evaluate(BatchSource.of(data), batchSize, callbacks);
    }

    /**
     * As {@link #evaluate(ImageDataset, int, Callback...)}.
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param callbacks what is told of the run
     * @return values by name
     */
    public Map<String, Double> evaluate(BatchSource data, int batchSize, Callback... callbacks) {
        TrainState training = state;
        if (training == null) {
            return evaluate(data, batchSize, List.of(new Accuracy()), callbacks);
        }
        List<State> held = training.fitting ? training.heldMetrics() : List.of();
        try {
            return evaluate(data, batchSize, training.metrics, callbacks);
        } finally {
            training.restoreMetrics(held);
        }
    }

    /**
     * As {@link #evaluate(ImageDataset, int, Callback...)}, with other metrics than those of {@link #prepare}.
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param metrics what is reported
     * @param callbacks what is told of the run
     * @return values by name
     */
    public Map<String, Double> evaluate(
            BatchSource data, int batchSize, List<? extends Metric> metrics, Callback... callbacks) {
        checkBatch(batchSize);
        Core.checkScores(core.graph(data));
        try (Evaluation evaluation = new Evaluation(core, data, batchSize, 0)) {
            Map<String, Double> values = evaluation.evaluate(List.copyOf(metrics), context(data, callbacks));
            if (values == null) {
                throw new IllegalStateException("evaluate: interrupted");
            }
            return values;
        }
    }

    /**
     * {@return outputs of each batch, [batch][sample][output]: scores before the softmax for the networks here}
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param callbacks what is told of the run
     */
    public List<float[][]> predict(ImageDataset data, int batchSize, Callback... callbacks) {
        return predict(BatchSource.of(data), batchSize, callbacks);
    }

    /**
     * As {@link #predict(ImageDataset, int, Callback...)}.
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param callbacks what is told of the run
     * @return scores, [batch][sample][output]
     */
    public List<float[][]> predict(BatchSource data, int batchSize, Callback... callbacks) {
        checkBatch(batchSize);
        try (Evaluation evaluation = new Evaluation(core, data, batchSize, 0)) {
            return evaluation.predict(context(data, callbacks));
        }
    }

    /**
     * {@return outputs of all samples, [sample][output]}
     *
     * @param data the images
     * @param batchSize samples that run at once, at least 1
     * @param callbacks what is told of the run
     */
    public float[][] predictStacked(ImageDataset data, int batchSize, Callback... callbacks) {
        return predict(data, batchSize, callbacks).stream()
                .flatMap(Arrays::stream)
                .toArray(float[][]::new);
    }

    private static void checkBatch(int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batchSize is at least 1, got " + batchSize);
        }
    }

    private RunContext context(BatchSource data, Callback... callbacks) {
        Cursor cursor = state == null ? new Cursor() : state.cursor;
        RunContext context = new RunContext(this, List.of(callbacks), cursor, settings());
        context.evalData = data;
        return context;
    }

    /**
     * One update from a batch.
     *
     * @param inputs [samples] of the input's shape, normalised; see {@link #normalise}
     * @param labels one per sample
     * @return loss and metrics of the batch before the update
     */
    public Map<String, Double> trainBatch(float[] inputs, int... labels) {
        TrainState training = prepared("trainBatch");
        return runner(labels.length, true).run(inputs, labels, training.metrics, training);
    }

    /**
     * {@return loss and metrics of a batch}
     *
     * @param inputs samples of the input's shape, normalised
     * @param labels the classes, one for each sample
     */
    public Map<String, Double> evalBatch(float[] inputs, int... labels) {
        TrainState training = prepared("evalBatch");
        List<State> held = training.fitting ? training.heldMetrics() : List.of();
        try {
            return runner(labels.length, false).run(inputs, labels, training.metrics, null);
        } finally {
            training.restoreMetrics(held);
        }
    }

    /**
     * {@return outputs of a batch, [sample][output]}
     *
     * @param inputs samples of the input's shape, normalised
     * @param samples number of samples, at least 1
     */
    public float[][] predictBatch(float[] inputs, int samples) {
        return runner(samples, false).predict(inputs);
    }

    private BatchRunner runner(int samples, boolean training) {
        if (samples < 1) {
            throw new IllegalArgumentException("a batch has at least 1 sample");
        }
        BatchRunner found = batch;
        if (found == null || !found.fits(samples, training)) {
            closeBatch();
            InputSpec input = core.input();
            if (input == null) {
                throw new IllegalStateException("batches of values need an InputSpec at the model's construction");
            }
            found = new BatchRunner(core, core.device(), input.sample(), samples, training);
            batch = found;
        }
        return found;
    }

    private void closeBatch() {
        if (batch != null) {
            batch.close();
            batch = null;
        }
    }

    /**
     * {@return the pixels of some images as the network reads them: (x - 127.5) / 127.5, -1 in the padding of the
     * input}
     *
     * @param data the images
     * @param indices which images, from 0
     */
    public float[] normalise(ImageDataset data, int... indices) {
        int pad = core.pad();
        int height = data.height() + 2 * pad;
        int width = data.width() + 2 * pad;
        float[] values = new float[indices.length * height * width];
        Arrays.fill(values, -1);
        for (int n = 0; n < indices.length; n++) {
            for (int y = 0; y < data.height(); y++) {
                for (int x = 0; x < data.width(); x++) {
                    int pixel = data.pixels()[(indices[n] * data.height() + y) * data.width() + x] & 255;
                    values[(n * height + y + pad) * width + x + pad] = (pixel - 127.5f) * (float) (1 / 127.5);
                }
            }
        }
        return values;
    }

    /** {@return what the network is fed, null when that was not said} */
    public @Nullable InputSpec input() {
        return core.input();
    }

    /** {@return name of the network, {@code custom} for a user's own} */
    public String name() {
        return name;
    }

    /** {@return the device the model lives on} */
    public Device device() {
        return core.device();
    }

    /** {@return the parameters by name} */
    public Map<String, Parameter> parameters() {
        return core.layer().parameters();
    }

    /** {@return number of trained values} */
    public int parameterCount() {
        return core.parameters().count(true);
    }

    /**
     * {@return values of a parameter; waits for the device}
     *
     * @param parameter the name of the parameter
     */
    public float[] values(String parameter) {
        return core.parameters().tensor(parameter).readFloats();
    }

    /**
     * Sets the values of a parameter.
     *
     * @param parameter the name of the parameter
     * @param values row-major, as many as the parameter has
     */
    public void values(String parameter, float... values) {
        core.parameters().tensor(parameter).write(values);
    }

    /**
     * Writes the weights as safetensors with PyTorch's names and layouts, whole or not at all.
     *
     * @param file weights or a checkpoint
     * @throws IllegalArgumentException when the directory is missing
     * @throws FormatException when the file cannot be written, or a weight is no finite number: training has diverged then,
     *     and what is there stays
     */
    public void save(Path file) {
        Safetensors weights = new Safetensors();
        weights.metadata().put("network", name);
        core.parameters().save(file.toString(), weights);
        WeightsFile.write(weights, file);
    }

    /**
     * Writes everything a resumed {@link #fit} needs, whole or not at all; also in the middle of an epoch.
     *
     * @param file weights or a checkpoint
     * @throws IllegalArgumentException when the directory is missing
     * @throws FormatException as {@link #save} does
     */
    public void saveCheckpoint(Path file) {
        Checkpoint.write(prepared("saveCheckpoint"), name, file);
    }

    /**
     * Takes the weights of a weights file or of a checkpoint.
     *
     * @param file weights or a checkpoint
     * @throws FormatException when the file is broken or holds other tensors; nothing is changed then
     */
    public void load(Path file) {
        load(file, false);
    }

    /**
     * As {@link #load(Path)}.
     *
     * @param file weights or a checkpoint
     * @param skipMismatch leaves out tensors that are missing, have another shape or are not part of the network
     * @return the names left out
     */
    public List<String> load(Path file, boolean skipMismatch) {
        return core.parameters().load(file.toString(), WeightsFile.read(file), skipMismatch);
    }

    /** {@return the layers for one sample of the input specification} */
    public Summary summary() {
        InputSpec input = core.input();
        if (input == null) {
            throw new IllegalStateException("summary: give the shape, there is no InputSpec");
        }
        int[] shape = input.shape().stream().mapToInt(Integer::intValue).toArray();
        shape[0] = Math.max(1, shape[0]);
        return summary(shape);
    }

    /**
     * {@return the layers for an input shape with the batch in front}
     *
     * @param shape extents with the batch in front
     */
    public Summary summary(int... shape) {
        return new Summary(core.layer(), shape);
    }

    Core core() {
        return core;
    }

    @Override
    public void close() {
        closeBatch();
        if (state != null) {
            state.close();
        }
        core.parameters().close();
    }
}
