package dev.clave.cli;

import dev.clave.data.ImageDataset;
import dev.clave.data.Mnist;
import dev.clave.data.Transforms;
import dev.clave.internal.rng.Philox;
import dev.clave.nn.BatchSource;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Model;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.EarlyStopping;
import dev.clave.nn.callback.Monitor;
import dev.clave.nn.callback.ReportFile;
import dev.clave.nn.callback.StopOnNaN;
import dev.clave.nn.callback.TensorBoard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How {@code train} trains, besides what, on what and how long. */
final class TrainingOptions {
    /** Random stream of the order that --validate cuts: far from those of weights (up) and epochs (down). */
    private static final int HELD_OUT = Integer.MIN_VALUE;

    @Option(names = "--eval-batch", description = "samples of an evaluation batch; as --batch unless given")
    private @Nullable Integer evalBatch;

    @Option(names = "--dropout", defaultValue = "0", description = "share dropped between the linear layers, [0, 1)")
    private double dropout;

    @Option(
            names = "--schedule",
            defaultValue = "constant",
            description =
                    "learning rate over time: constant, step:EPOCHS:GAMMA, cosine or cosine:LEAST (share of --lr),"
                            + " with warmup:STEPS or plateau:FACTOR:PATIENCE, joined by commas")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String schedule;

    @Option(
            names = "--early-stop",
            description = "end after so many epochs without a better evaluation accuracy, keep the best")
    private @Nullable Integer earlyStop;

    @Option(
            names = "--validate",
            description = "hold out so many of the shuffled training images and evaluate on them; the test images then"
                    + " are looked at once, at the end")
    private @Nullable Integer validate;

    @Option(
            names = "--augment",
            description = "train on images turned, scaled, sheared, shifted and distorted at random")
    private boolean augment;

    @Option(names = "--workers", defaultValue = "0", description = "threads that prepare augmented batches")
    private int workers;

    @Option(
            names = "--verbose",
            defaultValue = "1",
            description = "0 silent, 1 a progress bar, 2 a line every 10 steps")
    private int verbose;

    @Option(names = "--save-dir", description = "directory for a checkpoint per epoch and the final one")
    private @Nullable Path saveDir;

    @Option(
            names = "--report",
            description = "write a page with curves, confusion matrix and mistakes to this HTML file")
    private @Nullable Path report;

    @Option(names = "--tensorboard", description = "write loss and accuracy for TensorBoard into this directory")
    private @Nullable Path tensorBoard;

    @Option(names = "--init", description = "begin with the weights of this file")
    private @Nullable Path init;

    @Option(names = "--resume", description = "go on from this checkpoint, with the options it was made with")
    private @Nullable Path resume;

    private @Nullable EarlyStopping stopping;
    private final StopOnNaN divergence = new StopOnNaN();

    double dropout() {
        return dropout;
    }

    int verbose() {
        return verbose;
    }

    /** Refuses what can be refused before any work. */
    void check(int epochs) {
        if (evalBatch != null && evalBatch < 1) {
            throw new IllegalArgumentException("--eval-batch is at least 1, got " + evalBatch);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("--dropout lies in [0, 1), got " + dropout);
        }
        if (earlyStop != null && earlyStop < 0) {
            throw new IllegalArgumentException("--early-stop is at least 0, got " + earlyStop);
        }
        if (validate != null && validate < 1) {
            throw new IllegalArgumentException("--validate is at least 1, got " + validate);
        }
        if (workers < 0) {
            throw new IllegalArgumentException("--workers is at least 0, got " + workers);
        }
        if (verbose < 0 || verbose > 2) {
            throw new IllegalArgumentException("--verbose is 0, 1 or 2, got " + verbose);
        }
        if (init != null && resume != null) {
            throw new IllegalArgumentException("--init and --resume exclude each other: a checkpoint has its weights");
        }
        OutputFile.checkRegular("--report", report);
        directory("--save-dir", saveDir);
        directory("--tensorboard", tensorBoard);
        ScheduleOption.parse(schedule, epochs);
    }

    private static void directory(String option, @Nullable Path directory) {
        Path existing = directory == null ? null : directory.toAbsolutePath();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing != null && (!Files.isDirectory(existing) || !Files.isWritable(existing))) {
            throw new IllegalArgumentException(option + ": nothing can be written in " + existing);
        }
    }

    /** The callbacks of --report and --tensorboard; they go behind those that change the weights at the end. */
    Callback[] records(String title, String command) {
        List<Callback> records = new ArrayList<>();
        if (tensorBoard != null) {
            records.add(new TensorBoard(tensorBoard));
        }
        if (report != null) {
            records.add(new ReportFile(OutputFile.real(report)).title(title).command(command));
        }
        return records.toArray(Callback[]::new);
    }

    /**
     * Refuses to go on with weights that are of no use.
     *
     * @throws IllegalArgumentException when the loss was no finite number
     */
    void checkLoss(double learningRate) {
        if (divergence.stoppedStep() >= 0) {
            throw new IllegalArgumentException("training diverged: after " + divergence.stoppedStep()
                    + " steps the loss is no finite number; take a smaller --lr than " + learningRate
                    + (saveDir == null ? "" : ", what " + saveDir + " holds is from before"));
        }
    }

    /** What {@link #records} have written and which weights --early-stop has kept, for people. */
    List<String> recorded() {
        List<String> lines = new ArrayList<>();
        if (stopping != null && stopping.bestEpoch() >= 0) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%sthe weights are those of epoch %d, the best - acc: %.4f",
                    stopping.stoppedEpoch() < 0 ? "" : "stopped after epoch " + (stopping.stoppedEpoch() + 1) + ", ",
                    stopping.bestEpoch() + 1,
                    stopping.best()));
        }
        if (tensorBoard != null) {
            lines.add("event file written, look at it with: tensorboard --logdir " + tensorBoard);
        }
        if (report != null) {
            lines.add("report written to " + report);
        }
        return lines;
    }

    /** Takes the weights of --init. */
    void begin(Model model) {
        if (init != null) {
            model.load(init);
        }
    }

    boolean validates() {
        return validate != null;
    }

    int evalBatch(int batch) {
        return evalBatch == null ? batch : evalBatch;
    }

    /** With --validate, the training images without the last ones of a shuffled order, and those in place of the test. */
    Mnist.Split split(Mnist.Split all, long seed) {
        if (validate == null) {
            return all;
        }
        ImageDataset images = all.train();
        if (validate >= images.size()) {
            throw new IllegalArgumentException(
                    "--validate " + validate + " leaves nothing of the " + images.size() + " training images");
        }
        int[] order = IntStream.range(0, images.size()).toArray();
        new Philox(seed, HELD_OUT).shuffle(order);
        int kept = images.size() - validate;
        return new Mnist.Split(
                images.subset(images.name(), Arrays.copyOf(order, kept)),
                images.subset(images.name() + ", held out", Arrays.copyOfRange(order, kept, images.size())));
    }

    FitOptions fit(Mnist.Split split, int batch, int epochs, long seed) {
        FitOptions options = FitOptions.of(
                        augment
                                ? BatchSource.augmented(split.train(), Transforms.augment(), seed)
                                : BatchSource.of(split.train()))
                .evalData(split.test())
                .batchSize(batch)
                .evalBatchSize(evalBatch(batch))
                .epochs(epochs)
                .numWorkers(workers)
                .verbose(verbose);
        ScheduleOption parsed = ScheduleOption.parse(schedule, epochs);
        options.schedule(parsed.schedule());
        options.callbacks(divergence);
        List<Callback> callbacks = new ArrayList<>(parsed.callbacks());
        if (earlyStop != null) {
            stopping = new EarlyStopping("evalAcc", Monitor.Mode.MAX, earlyStop, 0, true);
            callbacks.add(stopping);
        }
        options.callbacks(callbacks.toArray(Callback[]::new));
        if (saveDir != null) {
            options.saveDir(saveDir);
        }
        if (resume != null) {
            options.resume(resume);
        }
        return options;
    }

    /** Where an interrupted run is saved. */
    Path interruptedFile() {
        return saveDir == null ? Path.of("clave-interrupted.safetensors") : saveDir.resolve("interrupted.safetensors");
    }
}
