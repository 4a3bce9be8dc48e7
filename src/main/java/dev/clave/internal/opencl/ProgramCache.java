package dev.clave.internal.opencl;

import dev.clave.internal.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compiled programs on disk, private to the user: {@code $XDG_CACHE_HOME/clave/programs}, else
 * {@code ~/.cache/clave/programs}. Any doubt about an entry is a miss, and a miss is never more than a compilation: nothing
 * here throws because of files. Processes may share the directory: entries appear whole, by a rename. Streams rather than
 * channels, for an interrupted thread may use it.
 */
public final class ProgramCache {
    /**
     * {@code off} neither reads nor writes, {@code on} keeps programs of every driver, {@code auto} (the default) leaves out
     * {@link #keepsItsOwn drivers that keep their own}.
     */
    static final String PROPERTY = "clave.cache";

    /** Entries take at most this many bytes together; the oldest go first. */
    static final long MOST_BYTES = 256L << 20;

    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    private static final long MAGIC = 0x434C415645503031L; // CLAVEP01
    private static final int DIGEST_BYTES = 64;

    private final Path folder;
    private final long mostBytes;
    private final @Nullable String unusable;

    private ProgramCache(Path folder, long mostBytes, @Nullable String unusable) {
        this.folder = folder;
        this.mostBytes = mostBytes;
        this.unusable = unusable;
    }

    /** The user's cache as the environment and the system property {@code clave.cache} say. */
    public static ProgramCache ofUser() {
        Path folder = userFolder();
        String wanted = System.getProperty(PROPERTY, "auto");
        if (wanted.equals("off")) {
            return new ProgramCache(folder, MOST_BYTES, "it is switched off (-D" + PROPERTY + "=off)");
        }
        if (!wanted.equals("on") && !wanted.equals("auto")) {
            throw new IllegalArgumentException("-D" + PROPERTY + " is auto, on or off, got '" + wanted + "'");
        }
        if (!folder.isAbsolute()) {
            return new ProgramCache(folder, MOST_BYTES, "there is no home directory; set HOME or XDG_CACHE_HOME");
        }
        return in(folder, MOST_BYTES);
    }

    /** The user's cache for a platform's programs. */
    static ProgramCache forPlatform(String platform) {
        if (keepsItsOwn(platform) && System.getProperty(PROPERTY, "auto").equals("auto")) {
            return new ProgramCache(
                    userFolder(), MOST_BYTES, platform + " keeps its own (-D" + PROPERTY + "=on for both)");
        }
        return ofUser();
    }

    /**
     * PoCL keeps compiled kernels itself, and to hand out a program it first compiles every kernel of it for any size of
     * group. Measured with PoCL 3.1 and the 21 programs of a LeNet: the first start took 30 s instead of 13 to 22, later ones
     * 3 s instead of 5.
     */
    private static boolean keepsItsOwn(String platform) {
        return platform.equals("Portable Computing Language");
    }

    private static Path userFolder() {
        String base = System.getenv("XDG_CACHE_HOME");
        String home = System.getenv("HOME");
        Path caches = base != null && Path.of(base).isAbsolute()
                ? Path.of(base)
                : Path.of(home == null || home.isEmpty() ? System.getProperty("user.home", "?") : home, ".cache");
        return caches.resolve("clave").resolve("programs");
    }

    static ProgramCache in(Path folder, long mostBytes) {
        return new ProgramCache(folder, mostBytes, prepare(folder));
    }

    /** Why the directory cannot be used, null when it can. */
    private static @Nullable String prepare(Path folder) {
        try {
            if (!Files.isDirectory(folder)) {
                Path parent = folder.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                createPrivate(folder);
            }
            Path probe = Files.createTempFile(folder, ".probe", ".part");
            try {
                // Whoever else may write here could give us programs to run.
                if (!Files.getOwner(folder).equals(Files.getOwner(probe))) {
                    return folder + " belongs to " + Files.getOwner(folder) + ", not to you";
                }
            } finally {
                Files.deleteIfExists(probe);
            }
            if (isPosix(folder)) {
                Set<PosixFilePermission> allowed = Files.getPosixFilePermissions(folder);
                if (allowed.contains(PosixFilePermission.GROUP_WRITE)
                        || allowed.contains(PosixFilePermission.OTHERS_WRITE)) {
                    return "others may write to " + folder + "; run: chmod 700 " + folder;
                }
            }
            return null;
        } catch (IOException e) {
            return folder + " cannot be written: " + reason(e);
        }
    }

    private static void createPrivate(Path folder) throws IOException {
        if (isPosix(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(folder);
        }
    }

    private static boolean isPosix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static String reason(IOException failure) {
        if (failure instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return failure.getClass().getSimpleName().replace("Exception", "") + " " + failure.getMessage();
    }

    /** Where the entries are. */
    public Path folder() {
        return folder;
    }

    /** Why it is not used, null when it is. */
    public @Nullable String unusable() {
        return unusable;
    }

    /** The program of a key, null when it is not there or is not beyond doubt; a doubtful entry is deleted. */
    byte @Nullable [] read(ProgramKey key) {
        if (unusable != null) {
            return null;
        }
        Path file = folder.resolve(key.fileName());
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return null;
        }
        byte[] program = null;
        try (InputStream in = new FileInputStream(file.toFile())) {
            if (Files.getOwner(file).equals(Files.getOwner(folder)) && Files.size(file) <= mostBytes) {
                program = unpacked(in.readAllBytes(), key);
            }
            if (program != null) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
                return program;
            }
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "program cache: {0} cannot be read: {1}", file, reason(e));
        }
        remove(key);
        return null;
    }

    private static byte @Nullable [] unpacked(byte[] entry, ProgramKey key) throws IOException {
        byte[] head = header(key);
        int begin = head.length + DIGEST_BYTES;
        if (entry.length < begin || !startsWith(entry, head)) {
            return null;
        }
        byte[] program = Arrays.copyOfRange(entry, begin, entry.length);
        String digest = new String(entry, head.length, DIGEST_BYTES, StandardCharsets.US_ASCII);
        return digest.equals(Sha256.hex(program)) ? program : null;
    }

    private static boolean startsWith(byte[] entry, byte[] head) {
        return Arrays.mismatch(head, 0, head.length, entry, 0, head.length) < 0;
    }

    private static byte[] header(ProgramKey key) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        byte[] text = key.text().getBytes(StandardCharsets.UTF_8);
        out.writeLong(MAGIC);
        out.writeInt(text.length);
        out.write(text);
        return bytes.toByteArray();
    }

    /** Keeps a program; whether that worked is nobody's concern. */
    void write(ProgramKey key, byte[] program) {
        if (unusable != null || program.length == 0) {
            return;
        }
        Path temporary = null;
        try {
            // Made with mode 0600.
            temporary = Files.createTempFile(folder, ".new", ".part");
            try (OutputStream out = new FileOutputStream(temporary.toFile())) {
                out.write(header(key));
                out.write(Sha256.hex(program).getBytes(StandardCharsets.US_ASCII));
                out.write(program);
            }
            Files.move(temporary, folder.resolve(key.fileName()), StandardCopyOption.ATOMIC_MOVE);
            evict();
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "program cache: {0} cannot be written: {1}", folder, reason(e));
            delete(temporary);
        }
    }

    /** Forgets an entry, for example one that the driver refused. */
    void remove(ProgramKey key) {
        delete(folder.resolve(key.fileName()));
    }

    private static boolean delete(@Nullable Path file) {
        try {
            return file != null && Files.deleteIfExists(file);
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "program cache: {0} cannot be deleted: {1}", file, reason(e));
            return false;
        }
    }

    /** A file of the cache. Another process may delete it at any time. */
    private record Entry(Path file, long bytes, FileTime used) {}

    private List<Entry> list(String glob) {
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(glob)).toList()) {
                try {
                    entries.add(new Entry(file, Files.size(file), Files.getLastModifiedTime(file)));
                } catch (IOException e) {
                    LOGGER.log(System.Logger.Level.DEBUG, "program cache: {0} is gone", file);
                }
            }
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "program cache: {0} cannot be listed: {1}", folder, reason(e));
        }
        return entries;
    }

    private void evict() {
        List<Entry> entries = list(".clbin");
        long total = entries.stream().mapToLong(Entry::bytes).sum();
        entries.sort(Comparator.comparing(Entry::used));
        for (Entry entry : entries) {
            if (total <= mostBytes) {
                return;
            }
            delete(entry.file());
            total -= entry.bytes();
        }
    }

    /** Number of entries. */
    public int entries() {
        return list(".clbin").size();
    }

    /** Bytes of all entries. */
    public long bytes() {
        return list(".clbin").stream().mapToLong(Entry::bytes).sum();
    }

    /** Deletes every entry, and what interrupted writers left. Returns how many entries went. */
    public int clear() {
        list(".part").forEach(entry -> delete(entry.file()));
        int deleted = 0;
        for (Entry entry : list(".clbin")) {
            deleted += delete(entry.file()) ? 1 : 0;
        }
        return deleted;
    }
}
