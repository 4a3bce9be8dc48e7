package dev.clave.nn;

import dev.clave.data.ImageDataset;
import dev.clave.nn.callback.Callback;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@link Model#fit} does; every setter returns this. The defaults are named at the setters. */
public final class FitOptions {
    private final BatchSource trainData;
    private @Nullable BatchSource evalData;
    private int batchSize = 1;
    private int evalBatchSize;
    private int epochs = 1;
    private int evalFreq = 1;
    private int logFreq = 10;
    private @Nullable Path saveDir;
    private int saveFreq = 1;
    private int verbose = 2;
    private boolean dropLast;
    private boolean shuffle = true;
    private int numWorkers;
    private final List<Callback> callbacks = new ArrayList<>();
    private int accumulateGradBatches = 1;
    private int numIters;
    private Schedule schedule = Schedule.constant();
    private @Nullable Path resume;

    private FitOptions(BatchSource trainData) {
        this.trainData = trainData;
    }

    /**
     * Trains on a dataset that stays on the device.
     *
     * @param trainData what is learnt from
     * @return these options
     */
    public static FitOptions of(ImageDataset trainData) {
        return new FitOptions(BatchSource.of(trainData));
    }

    /**
     * Trains on samples prepared on the host.
     *
     * @param trainData what is learnt from
     * @return these options
     */
    public static FitOptions of(BatchSource trainData) {
        return new FitOptions(trainData);
    }

    /**
     * Data to evaluate on; none.
     *
     * @param data what is evaluated on
     * @return this
     */
    public FitOptions evalData(ImageDataset data) {
        return evalData(BatchSource.of(data));
    }

    /**
     * Data to evaluate on; none.
     *
     * @param data what is evaluated on
     * @return this
     */
    public FitOptions evalData(BatchSource data) {
        evalData = data;
        return this;
    }

    /**
     * Samples of a training batch, and of an evaluation batch unless {@link #evalBatchSize} says otherwise; 1.
     *
     * @param samples number of samples, at least 1
     * @return this
     */
    public FitOptions batchSize(int samples) {
        batchSize = least("batchSize", samples, 1);
        return this;
    }

    /**
     * Samples of an evaluation batch; as {@link #batchSize}.
     *
     * @param samples number of samples, at least 1
     * @return this
     */
    public FitOptions evalBatchSize(int samples) {
        evalBatchSize = least("evalBatchSize", samples, 1);
        return this;
    }

    /**
     * Passes over the training data; 1.
     *
     * @param count how many, at least 1
     * @return this
     */
    public FitOptions epochs(int count) {
        epochs = least("epochs", count, 1);
        return this;
    }

    /**
     * Evaluates after the epochs, counted from 0, that this divides; 1.
     *
     * @param every the distance, at least 1
     * @return this
     */
    public FitOptions evalFreq(int every) {
        evalFreq = least("evalFreq", every, 1);
        return this;
    }

    /**
     * Steps between log lines; 10.
     *
     * @param steps number of batches, at least 1
     * @return this
     */
    public FitOptions logFreq(int steps) {
        logFreq = least("logFreq", steps, 1);
        return this;
    }

    /**
     * Directory for a checkpoint per epoch ({@code 0.safetensors}) and {@code final.safetensors}; none. Made when
     * missing.
     *
     * @param directory where checkpoints go
     * @return this
     */
    public FitOptions saveDir(Path directory) {
        saveDir = directory;
        return this;
    }

    /**
     * Saves after the epochs, counted from 0, that this divides; 1.
     *
     * @param every the distance, at least 1
     * @return this
     */
    public FitOptions saveFreq(int every) {
        saveFreq = least("saveFreq", every, 1);
        return this;
    }

    /**
     * 0 is silent, 1 a progress bar, 2 a line every {@link #logFreq} steps; 2.
     *
     * @param level 0 to 2
     * @return this
     */
    public FitOptions verbose(int level) {
        if (level < 0 || level > 2) {
            throw new IllegalArgumentException("verbose is 0, 1 or 2, got " + level);
        }
        verbose = level;
        return this;
    }

    /**
     * Whether a last batch that is not full is left out; false.
     *
     * @param drop whether a last batch that is not full is left out
     * @return this
     */
    public FitOptions dropLast(boolean drop) {
        dropLast = drop;
        return this;
    }

    /**
     * Whether each epoch has its own order; true.
     *
     * @param on whether it is done
     * @return this
     */
    public FitOptions shuffle(boolean on) {
        shuffle = on;
        return this;
    }

    /**
     * Threads that prepare the batches of a {@link BatchSource}; 0 prepares them on the calling thread.
     *
     * @param threads number of threads, 0 for none besides the training
     * @return this
     */
    public FitOptions numWorkers(int threads) {
        numWorkers = least("numWorkers", threads, 0);
        return this;
    }

    /**
     * Adds callbacks, called in this order; progress and checkpoints are added when absent, checkpoints go last.
     *
     * @param more called after those that are there
     * @return this
     */
    public FitOptions callbacks(Callback... more) {
        callbacks.addAll(List.of(more));
        return this;
    }

    /**
     * Batches whose gradients become one update; 1. The gradient is the mean over all their samples, so that an update
     * is that of one large batch. The batches that are left at the end of an epoch make an update of their own.
     *
     * @param batches number of batches, at least 1
     * @return this
     */
    public FitOptions accumulateGradBatches(int batches) {
        accumulateGradBatches = least("accumulateGradBatches", batches, 1);
        return this;
    }

    /**
     * Batches to train in all; {@link #epochs} is not used then. No limit unless set.
     *
     * @param batches number of batches, at least 1
     * @return this
     */
    public FitOptions numIters(int batches) {
        numIters = least("numIters", batches, 1);
        return this;
    }

    /**
     * Learning rate over time; constant.
     *
     * @param rate the factor of the learning rate
     * @return this
     */
    public FitOptions schedule(Schedule rate) {
        schedule = rate;
        return this;
    }

    /**
     * Goes on from a checkpoint of the same network, optimizer and options, bit for bit; epochs may differ.
     *
     * @param checkpoint the file
     * @return this
     */
    public FitOptions resume(Path checkpoint) {
        resume = checkpoint;
        return this;
    }

    private static int least(String what, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(what + " is at least " + least + ", got " + value);
        }
        return value;
    }

    // Results

    BatchSource trainData() {
        return trainData;
    }

    @Nullable
    BatchSource evalData() {
        return evalData;
    }

    int batchSize() {
        return batchSize;
    }

    int evalBatchSize() {
        return evalBatchSize == 0 ? batchSize : evalBatchSize;
    }

    int evalFreq() {
        return evalFreq;
    }

    int logFreq() {
        return logFreq;
    }

    @Nullable
    Path saveDir() {
        return saveDir;
    }

    int saveFreq() {
        return saveFreq;
    }

    int verbose() {
        return verbose;
    }

    boolean dropLast() {
        return dropLast;
    }

    boolean shuffle() {
        return shuffle;
    }

    int numWorkers() {
        return numWorkers;
    }

    List<Callback> callbacks() {
        return callbacks;
    }

    int accumulateGradBatches() {
        return accumulateGradBatches;
    }

    Schedule schedule() {
        return schedule;
    }

    @Nullable
    Path resume() {
        return resume;
    }

    /** Steps of an epoch. */
    int steps() {
        int size = trainData.size();
        int steps = dropLast ? size / batchSize : (size + batchSize - 1) / batchSize;
        if (batchSize > size || steps < 1) {
            throw new IllegalArgumentException(
                    "batch is between 1 and the " + size + " training images, got " + batchSize);
        }
        return steps;
    }

    /** Epochs begun in all. */
    int epochs() {
        int steps = steps();
        return numIters == 0 ? epochs : (numIters + steps - 1) / steps;
    }

    /** Steps of an epoch of this fit: the last one may be cut. */
    int steps(int epoch) {
        return numIters == 0 ? steps() : Math.min(steps(), numIters - epoch * steps());
    }
}
