package dev.clave.nn;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.data.Transforms;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import dev.clave.nn.callback.EarlyStopping;
import dev.clave.nn.callback.Monitor;
import dev.clave.nn.callback.ReduceOnPlateau;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/** Runs to be interrupted at any step: between them they have all that carries state from one step to the next. */
enum Resumption {
    /** Dropout, AdamW, groups of gradients that end inside and at the end of an epoch, transforms, schedules, two watchers. */
    EVERYTHING("adamw", 0.01, 0.3) {
        @Override
        FitOptions options() {
            return FitOptions.of(BatchSource.augmented(TRAIN, Transforms.shift(1), 3))
                    .evalData(TEST)
                    .batchSize(8)
                    .epochs(3)
                    .numWorkers(2)
                    .accumulateGradBatches(3)
                    .schedule(Schedule.warmUp(5, 0.1, Schedule.cosine(3, 0.1)))
                    .callbacks(
                            new ReduceOnPlateau("evalLoss", Monitor.Mode.MIN, 0.5, 1, 0.5, 0),
                            new EarlyStopping("evalAcc", Monitor.Mode.MAX, 9, 0, true));
        }
    },
    /** Nesterov's momentum on resident data without the last batch, the rate falls in stairs. */
    NESTEROV("nesterov", 0.05, 0) {
        @Override
        FitOptions options() {
            return FitOptions.of(TRAIN)
                    .evalData(TEST)
                    .evalBatchSize(25)
                    .evalFreq(2)
                    .batchSize(8)
                    .dropLast(true)
                    .epochs(3)
                    .schedule(Schedule.step(1, 0.5));
        }
    },
    /** Adam with dropout, a number of batches instead of epochs, elastic distortion on the calling thread. */
    BATCHES("adam", 0.01, 0.5) {
        @Override
        FitOptions options() {
            return FitOptions.of(BatchSource.augmented(TRAIN, Transforms.elastic(8, 2), 4))
                    .batchSize(8)
                    .numIters(30);
        }
    },
    /** Plain descent in the order of the data, the mean of two batches an update. */
    PLAIN("sgd", 0.1, 0) {
        @Override
        FitOptions options() {
            return FitOptions.of(TRAIN)
                    .batchSize(8)
                    .shuffle(false)
                    .epochs(3)
                    .accumulateGradBatches(2)
                    .schedule(Schedule.cosine(3, 0));
        }
    };

    private static final ImageDataset TRAIN = TestData.rows(100, 1);
    private static final ImageDataset TEST = TestData.rows(50, 2);

    private final String optimizer;
    private final double rate;
    private final double dropout;

    Resumption(String optimizer, double rate, double dropout) {
        this.optimizer = optimizer;
        this.rate = rate;
        this.dropout = dropout;
    }

    /** Fresh options, to which a test may add. */
    abstract FitOptions options();

    /** A fresh model. */
    Model model(Device device) {
        return TestData.model(device, dropout)
                .prepare(Optimizer.of(optimizer, rate), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy(), new Accuracy(1, 3));
    }

    /** Batches of the whole run. */
    int batches() {
        FitOptions options = options();
        int sum = 0;
        for (int epoch = 0; epoch < options.epochs(); epoch++) {
            sum += options.steps(epoch);
        }
        return sum;
    }

    /** As many different places inside the run as asked for, drawn anew by a fixed seed. */
    List<Integer> cuts(int count) {
        Random random = new Random(4 + ordinal());
        TreeSet<Integer> cuts = new TreeSet<>();
        while (cuts.size() < count) {
            cuts.add(1 + random.nextInt(batches() - 1));
        }
        return new ArrayList<>(cuts);
    }

    /** The whole run, ended by a checkpoint. */
    FitResult whole(Device device, Path file) {
        try (Model model = model(device)) {
            FitResult result = model.fit(options().verbose(0));
            model.saveCheckpoint(file);
            return result;
        }
    }

    /** The run until a batch, interrupted there and saved. */
    FitResult until(Device device, int batches, Path file) {
        try (Model model = model(device)) {
            FitResult result = model.fit(options().verbose(0).callbacks(new Callback() {
                @Override
                public void batchEnd(Context context) {
                    if (context.phase() == Context.Phase.TRAIN && context.totalSteps() == batches) {
                        model.interrupt();
                    }
                }
            }));
            model.saveCheckpoint(file);
            return result;
        }
    }

    /** The rest of the run, ended by a checkpoint. */
    FitResult from(Device device, Path checkpoint, Path file) {
        try (Model model = model(device)) {
            FitResult result = model.fit(options().verbose(0).resume(checkpoint));
            model.saveCheckpoint(file);
            return result;
        }
    }
}
