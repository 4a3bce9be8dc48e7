package dev.clave.internal.tune;

import dev.clave.Device;
import dev.clave.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is known of problems on devices: the user's records, then those that ship in the jar for classes of devices. A line
 * that is not beyond doubt is as if it were not there. Immutable.
 */
public final class TuningDatabase {
    /**
     * {@code off}: candidates choose by their models alone; {@code default}: also what ships in the jar; a file: that one in
     * place of the user's, and what ships in the jar. Not set: the user's file and what ships in the jar.
     */
    public static final String PROPERTY = "clave.tuning";

    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    private static final String BUNDLED = "/dev/clave/tuning.jsonl";

    private final String file;
    private final Map<TuningKey, TuningRecord> user;
    private final Map<TuningKey, TuningRecord> bundled;

    private TuningDatabase(String file, Map<TuningKey, TuningRecord> user, Map<TuningKey, TuningRecord> bundled) {
        this.file = file;
        this.user = user;
        this.bundled = bundled;
    }

    /**
     * As the system property says.
     *
     * @throws IllegalArgumentException when it names a file that is not there
     */
    public static TuningDatabase open() {
        String wanted = System.getProperty(PROPERTY, "");
        return switch (wanted) {
            case "off" -> of(List.of(), List.of());
            case "default" -> of(List.of(), bundledLines());
            case "" -> {
                Path file = TuningFile.ofUser();
                yield file == null ? of(List.of(), bundledLines()) : of(file, bundledLines());
            }
            default -> {
                Path file = Path.of(wanted);
                if (!Files.isReadable(file) || !Files.isRegularFile(file)) {
                    throw new IllegalArgumentException("-D" + PROPERTY + " is off, default or a file that ./clave tune"
                            + " wrote, got '" + wanted + "', which cannot be read");
                }
                yield of(file, bundledLines());
            }
        };
    }

    /** Of lines; where a key stands twice the last one counts. Records of users count for this library version alone. */
    public static TuningDatabase of(List<String> user, List<String> bundled) {
        return of("the user's file", user, bundled);
    }

    private static TuningDatabase of(Path user, List<String> bundled) {
        return of(user.toString(), TuningFile.lines(user), bundled);
    }

    private static TuningDatabase of(String file, List<String> user, List<String> bundled) {
        String library = library();
        return new TuningDatabase(
                file,
                read(file, user, record -> record.library().equals(library)),
                read("the jar", bundled, record -> true));
    }

    /** Records that other versions left are no matter; lines that are none at all are said once, with the first reason. */
    private static Map<TuningKey, TuningRecord> read(String where, List<String> lines, Predicate<TuningRecord> counts) {
        Map<TuningKey, TuningRecord> records = new HashMap<>();
        int broken = 0;
        String first = "";
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank()) {
                continue;
            }
            try {
                TuningRecord record = TuningRecord.read(line);
                // Another version's must not hide the one of this that stands above it.
                if (counts.test(record)) {
                    records.put(record.key(), record);
                }
            } catch (FormatException e) {
                LOGGER.log(Level.DEBUG, "line {0} of {1} is not used: {2}", i + 1, where, e.getMessage());
                if (!TuningRecord.isForeign(line) && broken++ == 0) {
                    first = "line " + (i + 1) + ": " + e.getMessage();
                }
            }
        }
        if (broken > 0) {
            LOGGER.log(
                    Level.WARNING,
                    "{0} of {1} lines of {2} are no tuning records and are not used, the first is {3}; delete them, or the"
                            + " file and run ./clave tune again",
                    broken,
                    lines.size(),
                    where,
                    first);
        }
        return records;
    }

    /** Where the user's records come from, for messages. */
    public String file() {
        return file;
    }

    /** Whether a record ships in the jar. */
    public boolean isBundled(TuningRecord record) {
        return record.equals(bundled.get(record.key()));
    }

    /** What ships in the jar; its records depend on the kernels alone, since the jar holds those too. */
    public static List<String> bundledLines() {
        try (InputStream in = TuningDatabase.class.getResourceAsStream(BUNDLED)) {
            return in == null
                    ? List.of()
                    : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Version of this library. */
    public static String library() {
        @Nullable String version = TuningDatabase.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }

    /** What is known, the user's record first; whether its kernels are still the same is for the caller to see. */
    public List<TuningRecord> find(TuningKey key, String deviceClass) {
        List<TuningRecord> found = new ArrayList<>();
        TuningRecord own = user.get(key);
        if (own != null) {
            found.add(own);
        }
        TuningRecord general = bundled.get(key.on(deviceClass));
        if (general != null) {
            found.add(general);
        }
        return found;
    }

    /** Number of the user's records for a device. */
    public int entries(Device.Info info) {
        return (int) user.keySet().stream().filter(key -> key.isOf(info)).count();
    }

    /** Number of records for a class of devices. */
    public int entries(String deviceClass) {
        return (int) bundled.keySet().stream()
                .filter(key -> key.device().equals(deviceClass))
                .count();
    }
}
