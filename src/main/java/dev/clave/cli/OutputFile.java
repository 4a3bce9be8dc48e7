package dev.clave.cli;

import dev.clave.FormatException;
import dev.clave.io.NewFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** Files that a command writes: refused before the work when they cannot be written, and never half-written. */
final class OutputFile {
    private OutputFile() {}

    /**
     * Checks an option's file before the work begins.
     *
     * @throws IllegalArgumentException naming the option when the file cannot be written
     */
    static void check(String option, @Nullable Path file) {
        if (file == null) {
            return;
        }
        Path folder = real(file).toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(option + ": " + file + " is a directory; name a file in it");
        }
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(option + ": no directory " + folder + "; make it first");
        }
        if (Files.exists(file) && !Files.isWritable(file)) {
            throw new IllegalArgumentException(option + ": " + file + " is not writable; name another file");
        }
        if (!special(file)) {
            try {
                Path trial = temporary(folder, file);
                Files.write(trial, new byte[0]);
                Files.delete(trial);
            } catch (IOException e) {
                throw new IllegalArgumentException(
                        option + ": nothing can be written in " + folder + " (" + reason(e)
                                + "); name a file elsewhere",
                        e);
            }
        }
    }

    /** As {@link #check}, for files that are replaced as a whole: devices and pipes cannot be. */
    static void checkRegular(String option, @Nullable Path file) {
        check(option, file);
        if (file != null && special(file)) {
            throw new IllegalArgumentException(option + ": " + file + " is not a regular file");
        }
    }

    /** Where a link leads, so that replacing the file leaves the link. */
    static Path real(Path file) {
        try {
            return Files.exists(file) ? file.toRealPath() : file;
        } catch (IOException e) {
            return file;
        }
    }

    /**
     * Writes the whole content or nothing; devices and pipes are written directly.
     *
     * @throws FormatException when writing fails
     */
    static void write(Path file, byte[] content) {
        Path target = real(file);
        try {
            if (special(target)) {
                Files.write(target, content);
                return;
            }
            Path temporary = temporary(target.toAbsolutePath().getParent(), target);
            temporary.toFile().deleteOnExit(); // for Ctrl-C
            try {
                Files.write(temporary, content);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new FormatException(file.toString(), -1, "cannot be written: " + reason(e));
        }
    }

    private static Path temporary(@Nullable Path folder, Path file) {
        String name = "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part";
        return folder == null ? Path.of(name) : folder.resolve(name);
    }

    private static boolean special(Path file) {
        return Files.exists(file) && !Files.isRegularFile(file);
    }

    private static String reason(IOException failure) {
        return failure instanceof NoSuchFileException ? "no such file or directory" : NewFile.reason(failure);
    }
}
