package dev.clave.io;

import dev.clave.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;

/**
 * Writes scalars and images for TensorBoard: TFRecord frames (tensorflow/core/lib/io/record_writer.h) around Event messages
 * (tensorflow/core/util/event.proto), the first of which says {@code brain.Event:2}. A record goes to the file at once and
 * whole, so that TensorBoard can follow a run and a killed run leaves a readable file. Not for several threads at once.
 */
public final class EventFile implements AutoCloseable {
    private static final int MOST_TRIES = 1000;

    private final Path file;
    private final FileChannel channel;
    private final InstantSource clock;

    private EventFile(Path file, FileChannel channel, InstantSource clock) {
        this.file = file;
        this.channel = channel;
        this.clock = clock;
    }

    /**
     * Opens a new file {@code events.out.tfevents.SECONDS.clave}, with a number behind it when there is one already. A
     * resumed run opens another file in the same directory; TensorBoard reads them together.
     *
     * @param directory is made when it does not exist
     * @param clock gives the wall time of the records
     * @return the file, open for writing; close it
     * @throws FormatException when the file cannot be written
     */
    public static EventFile create(Path directory, InstantSource clock) {
        Instant now = clock.instant();
        String name = String.format(Locale.ROOT, "events.out.tfevents.%010d.clave", now.getEpochSecond());
        Path file = directory.resolve(name);
        try {
            Files.createDirectories(directory);
            for (int i = 1; i < MOST_TRIES; i++) {
                try {
                    FileChannel channel =
                            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                    return begun(file, channel, clock, now);
                } catch (FileAlreadyExistsException e) {
                    file = directory.resolve(name + "." + i);
                }
            }
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be written: " + NewFile.reason(e));
        }
        throw new FormatException(file.toString(), -1, "there are already " + MOST_TRIES + " files of this second");
    }

    /** Writes the first record; a file that cannot take it is closed and removed. */
    static EventFile begun(Path file, FileChannel channel, InstantSource clock, Instant now) throws IOException {
        EventFile events = new EventFile(file, channel, clock);
        boolean whole = false;
        try {
            events.write(TensorBoardEvents.version(seconds(now)));
            whole = true;
            return events;
        } finally {
            if (!whole) {
                channel.close();
                Files.deleteIfExists(file);
            }
        }
    }

    /** {@return the file being written} */
    public Path file() {
        return file;
    }

    private static double seconds(Instant instant) {
        return instant.getEpochSecond() + instant.getNano() / 1e9;
    }

    /**
     * A point of a curve. TensorBoard holds values in single precision.
     *
     * @param tag name of the curve; a slash makes groups, for example {@code loss/train}
     * @param step position on the axis, at least 0
     * @param value the value
     */
    public void scalar(String tag, long step, double value) {
        write(TensorBoardEvents.scalar(seconds(clock.instant()), checked(step), named(tag), (float) value));
    }

    /**
     * A grey picture.
     *
     * @param tag what the value is called
     * @param step position on the slider, at least 0
     * @param height pixels from top to bottom
     * @param width pixels from left to right
     * @param pixels bytes [height, width], 0 is black
     */
    public void image(String tag, long step, int height, int width, byte[] pixels) {
        byte[] png = Png.grey(height, width, pixels, 0);
        write(TensorBoardEvents.image(seconds(clock.instant()), checked(step), named(tag), height, width, png));
    }

    private static long checked(long step) {
        if (step < 0) {
            throw new IllegalArgumentException("event file: steps count from 0, got " + step);
        }
        return step;
    }

    private static String named(String tag) {
        if (tag.isBlank()) {
            throw new IllegalArgumentException("event file: a tag is not blank");
        }
        return tag;
    }

    private void write(byte[] event) {
        if (!channel.isOpen()) {
            throw new IllegalStateException(file + " is closed");
        }
        ByteBuffer record = ByteBuffer.wrap(TensorBoardEvents.framed(event));
        try {
            while (record.hasRemaining()) {
                channel.write(record);
            }
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be written: " + NewFile.reason(e));
        }
    }

    /** Closes the file; a second call does nothing. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be closed: " + NewFile.reason(e));
        }
    }
}
