package dev.clave.nn.callback;

import dev.clave.io.EventFile;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Writes what {@link ScalarLog} says to an event file that TensorBoard shows, also while training runs. A resumed run writes
 * another file of the same directory and goes on at its step. The file is closed at the end of training, and by
 * {@link #close} when training ended by an exception.
 */
public final class TensorBoard implements Callback, AutoCloseable {
    private static final int EVERY = 10;

    private final Path directory;
    private final InstantSource clock;
    private final ScalarLog log;
    private @Nullable EventFile events;

    /**
     * Every 10 batches. The directory is made when training begins.
     *
     * @param directory where files go; made when it is missing
     */
    public TensorBoard(Path directory) {
        this(directory, EVERY);
    }

    /**
     * Every so many batches; a look waits for the device.
     *
     * @param directory where files go; made when it is missing
     * @param every batches between two values
     */
    public TensorBoard(Path directory, int every) {
        this(directory, every, InstantSource.system());
    }

    /**
     * As {@link #TensorBoard(Path, int)}, with the clock that dates the points.
     *
     * @param directory where files go; made when it is missing
     * @param every batches between two values
     * @param clock tells the time
     */
    public TensorBoard(Path directory, int every, InstantSource clock) {
        this.directory = directory;
        this.clock = clock;
        this.log = new ScalarLog(this::scalar, every);
    }

    private void scalar(String tag, double value, long step) {
        EventFile open = events;
        if (open != null) {
            open.scalar(tag, step, value);
        }
    }

    @Override
    public void trainBegin(Context context) {
        close();
        events = EventFile.create(directory, clock);
    }

    @Override
    public void batchEnd(Context context) {
        log.batchEnd(context);
    }

    @Override
    public void epochEnd(Context context) {
        log.epochEnd(context);
    }

    @Override
    public void trainEnd(Context context) {
        close();
    }

    @Override
    public void close() {
        EventFile open = events;
        events = null;
        if (open != null) {
            open.close();
        }
    }
}
