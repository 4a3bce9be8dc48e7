package dev.clave.nn.callback;

import dev.clave.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Saves checkpoints: {@code EPOCH.safetensors} after the epochs, counted from 0, that {@link #every} divides, {@code
 * final.safetensors} after training, and {@code best.safetensors} when asked for. An interrupted run writes no final one, and
 * an epoch whose loss is no finite number writes none at all: what was good stays.
 */
public final class ModelCheckpoint implements Callback {
    private static final String SUFFIX = ".safetensors";

    private final Path directory;
    private final Deque<Path> kept = new ArrayDeque<>();
    private int every = 1;
    private int keep = Integer.MAX_VALUE;
    private @Nullable Monitor best;

    /**
     * Into a directory, which is made when it is missing.
     *
     * @param directory where files go; made when it is missing
     */
    public ModelCheckpoint(Path directory) {
        this.directory = directory;
    }

    /**
     * Saves after the epochs, counted from 0, that this divides; 1.
     *
     * @param epochs the distance, at least 1
     * @return this
     */
    public ModelCheckpoint every(int epochs) {
        every = least("every", epochs);
        return this;
    }

    /**
     * Keeps the files of the last epochs only; all. The final and the best one stay.
     *
     * @param files how many, at least 1
     * @return this
     */
    public ModelCheckpoint keepLast(int files) {
        keep = least("keepLast", files);
        return this;
    }

    /**
     * Also keeps the best epoch's, by a value of the epoch such as {@code evalAcc}.
     *
     * @param value name of the value looked at
     * @param mode which way is better
     * @return this
     */
    public ModelCheckpoint best(String value, Monitor.Mode mode) {
        best = new Monitor(value, mode, 0);
        return this;
    }

    private static int least(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("checkpoint: " + what + " is at least 1, got " + value);
        }
        return value;
    }

    @Override
    public void trainBegin(Context context) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "checkpoints: the directory " + directory + " cannot be made; name another", e);
        }
        if (!Files.isWritable(directory)) {
            throw new IllegalArgumentException("checkpoints: nothing can be written in " + directory);
        }
    }

    /** Whether the loss is a number: the weights of a run that has diverged would take the place of good ones. */
    private static boolean isSound(Context context) {
        return Double.isFinite(context.values().getOrDefault("loss", 0.0));
    }

    @Override
    public void epochEnd(Context context) {
        if (!isSound(context)) {
            return;
        }
        // The best one first: the others then hold its value.
        if (best != null && best.improves(context.logs())) {
            context.model().saveCheckpoint(directory.resolve("best" + SUFFIX));
        }
        if (context.epoch() % every == 0) {
            Path file = directory.resolve(context.epoch() + SUFFIX);
            kept.remove(file);
            kept.addLast(file); // before saving: the file knows itself
            context.model().saveCheckpoint(file);
            while (kept.size() > keep) {
                remove(kept.removeFirst());
            }
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be removed: " + e);
        }
    }

    @Override
    public void trainEnd(Context context) {
        if (!context.interrupted() && isSound(context)) {
            context.model().saveCheckpoint(directory.resolve("final" + SUFFIX));
        }
    }

    @Override
    public void save(State state) {
        state.put(
                "kept", kept.stream().map(file -> file.getFileName().toString()).collect(Collectors.joining("/")));
        if (best != null) {
            best.save(state);
        }
    }

    @Override
    public void restore(State state) {
        kept.clear();
        String names = state.text("kept");
        if (names != null && !names.isEmpty()) {
            for (String name : names.split("/", -1)) {
                kept.addLast(directory.resolve(name));
            }
        }
        if (best != null) {
            best.restore(state);
        }
    }
}
