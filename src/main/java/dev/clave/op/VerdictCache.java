package dev.clave.op;

import dev.clave.internal.Sha256;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Verdicts in the user's cache directory, one small file each, named after what it depends on. A file that cannot be read,
 * or that says something else, is a miss; a directory that cannot be written only means that the test runs again.
 *
 * @param folder absolute, or null when the user has none
 */
record VerdictCache(@Nullable Path folder) {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    private static final String HEADER = "clave self-test 1\n";

    /** {@code $XDG_CACHE_HOME/clave/self-test}, else {@code .cache/clave/self-test} in the home directory. */
    static VerdictCache ofUser() {
        return of(System.getenv("XDG_CACHE_HOME"), System.getProperty("user.home"));
    }

    static VerdictCache of(@Nullable String cache, @Nullable String home) {
        // A relative path in XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
        if (cache != null && Path.of(cache).isAbsolute()) {
            return new VerdictCache(Path.of(cache, "clave", "self-test"));
        }
        boolean known = home != null && Path.of(home).isAbsolute();
        return new VerdictCache(known ? Path.of(home, ".cache", "clave", "self-test") : null);
    }

    /** The verdict stored for exactly this key, null when there is none. */
    @Nullable
    Verdict find(String key) {
        if (folder == null) {
            return null;
        }
        try {
            String text = Files.readString(file(folder, key), StandardCharsets.UTF_8);
            String begin = HEADER + key + "\n";
            return text.startsWith(begin) ? Verdict.parse(text.substring(begin.length())) : null;
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "no stored verdict: {0}", e.toString());
            return null;
        }
    }

    /** When the verdict for this key was stored; the epoch when that is not known. */
    Instant storedAt(String key) {
        try {
            return folder == null
                    ? Instant.EPOCH
                    : Files.getLastModifiedTime(file(folder, key)).toInstant();
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "the time of a verdict is not known: {0}", e.toString());
            return Instant.EPOCH;
        }
    }

    void store(String key, Verdict verdict) {
        if (folder == null) {
            return;
        }
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, "verdict", ".part");
            try {
                Files.writeString(part, HEADER + key + "\n" + verdict.text(), StandardCharsets.UTF_8);
                Files.move(part, file(folder, key), StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "the verdict is not stored, the test runs again next time: {0}", e.toString());
        }
    }

    private static Path file(Path folder, String key) {
        return folder.resolve(Sha256.hex(key).substring(0, 32) + ".txt");
    }
}
