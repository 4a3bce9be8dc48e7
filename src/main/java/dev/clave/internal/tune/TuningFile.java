package dev.clave.internal.tune;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file of {@link TuningRecord}s, private to the user. It appears whole, by a rename; processes that write at once wait for
 * each other.
 */
public final class TuningFile {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    private static final long MOST_BYTES = 16 << 20;
    /** Locks of a file are between processes; threads of this one wait here. */
    private static final Object WRITING = new Object();

    private TuningFile() {}

    /**
     * The user's own: {@code $XDG_STATE_HOME/clave/tuning.jsonl}, else {@code ~/.local/state/clave/tuning.jsonl}; null without
     * a home directory. By the XDG Base Directory Specification a cache may be deleted at any time, and measuring again takes
     * minutes; a configuration is written by its user and carried to other machines. State is what persists but is not
     * portable.
     */
    public static @Nullable Path ofUser() {
        return of(System.getenv("XDG_STATE_HOME"), System.getenv("HOME"), System.getProperty("user.home"));
    }

    static @Nullable Path of(@Nullable String state, @Nullable String home, @Nullable String fallback) {
        // A relative path in XDG_STATE_HOME is to be ignored (XDG Base Directory Specification).
        if (state != null && Path.of(state).isAbsolute()) {
            return Path.of(state, "clave", "tuning.jsonl");
        }
        String known = home != null && !home.isEmpty() ? home : fallback;
        return known != null && Path.of(known).isAbsolute()
                ? Path.of(known, ".local", "state", "clave", "tuning.jsonl")
                : null;
    }

    /** The lines of a file, none when it cannot be read. */
    static List<String> lines(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                return List.of();
            }
            if (Files.size(file) > MOST_BYTES) {
                LOGGER.log(Level.WARNING, "{0} is larger than {1} bytes and is not read", file, MOST_BYTES);
                return List.of();
            }
            // Bytes that are no UTF-8 make a line that is no record.
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "no tuning: {0} cannot be read: {1}", file, e.toString());
            return List.of();
        }
    }

    /**
     * Replaces the records of keys in a file, made when it is missing; every other line stays as it is, also those of other
     * versions and devices.
     *
     * @param changes the record of a key, empty to remove what is there of this library version
     * @throws IOException when the file cannot be written; the old one is whole then
     */
    public static void update(Path file, String library, Map<TuningKey, Optional<TuningRecord>> changes)
            throws IOException {
        Path whole = file.toAbsolutePath();
        Path folder = whole.getParent();
        if (folder == null) {
            throw new IOException(file + " has no directory");
        }
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, mode(posix, "rwx------"));
        }
        Path lock = folder.resolve("." + whole.getFileName() + ".lock");
        synchronized (WRITING) {
            try (FileChannel channel = FileChannel.open(
                            lock,
                            java.util.Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            mode(posix, "rw-------"));
                    FileLock held = channel.lock()) {
                if (!held.isValid()) {
                    throw new IOException(lock + " cannot be locked");
                }
                replace(whole, folder, library, changes);
            }
        }
    }

    private static FileAttribute<?>[] mode(boolean posix, String permissions) {
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static void replace(Path file, Path folder, String library, Map<TuningKey, Optional<TuningRecord>> changes)
            throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : lines(file)) {
            TuningRecord record = TuningRecord.parse(line);
            if (record == null || !record.library().equals(library) || !changes.containsKey(record.key())) {
                lines.add(line);
            }
        }
        changes.values().forEach(record -> record.ifPresent(one -> lines.add(one.line())));
        // Made with mode 0600.
        Path part = Files.createTempFile(folder, ".tuning", ".part");
        try {
            Files.write(part, lines, StandardCharsets.UTF_8);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
