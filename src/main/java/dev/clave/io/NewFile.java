package dev.clave.io;

import dev.clave.FormatException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Files that are there whole or not at all: written beside their place, forced to the disk and moved there. Whatever happens,
 * a reader sees the old file or the new one.
 */
public final class NewFile {
    private NewFile() {}

    /** Writes the bytes of a file. */
    public interface Content {
        /**
         * Writes them all; the stream is buffered, closing it does no harm.
         *
         * @param out takes the bytes
         * @throws IOException when they cannot be written
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes text as UTF-8, as {@link #write(Path, Content)} does.
     *
     * @param file the file
     * @param text the text
     */
    public static void write(Path file, String text) {
        write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Writes a file.
     *
     * @param file the file
     * @param content writes it
     * @throws IllegalArgumentException when the directory is missing
     * @throws FormatException when writing fails; nothing is left behind
     */
    public static void write(Path file, Content content) {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IllegalArgumentException("no directory " + directory + " for " + file + "; make it first");
        }
        Path temporary = directory.resolve(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 16)) {
                content.writeTo(out);
            }
            try (FileChannel written = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                written.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel folder = FileChannel.open(directory, StandardOpenOption.READ)) {
                folder.force(true);
            }
        } catch (IOException e) {
            FormatException failure = new FormatException(file.toString(), -1, "cannot be written: " + reason(e));
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
    }

    /**
     * What went wrong with a file, in words for its user.
     *
     * @param failure what the file system threw
     * @return the reason, without the name of the file or of a Java class
     */
    public static String reason(Throwable failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        return failure instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : failure.getMessage() != null ? failure.getMessage() : failure.toString();
    }
}
