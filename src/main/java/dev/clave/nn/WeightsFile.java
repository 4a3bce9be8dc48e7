package dev.clave.nn;

import dev.clave.FormatException;
import dev.clave.io.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;

/** Safetensors files with a SHA-256 of metadata and tensors in their metadata. Files of other programs have none. */
final class WeightsFile {
    /** Key of the checksum. */
    static final String CHECKSUM = "sha256";

    private WeightsFile() {}

    static void write(Safetensors file, Path path) {
        clean(path);
        file.metadata().put(CHECKSUM, checksum(file));
        file.write(path);
    }

    /** Reads and checks. */
    static Safetensors read(Path path) {
        Safetensors file = Safetensors.read(path);
        String expected = file.metadata().get(CHECKSUM);
        if (expected != null && !matches(file, expected)) {
            throw new FormatException(
                    path.toString(), -1, "the checksum differs, the file was damaged; take another copy");
        }
        return file;
    }

    private static boolean matches(Safetensors file, String expected) {
        try {
            return expected.equals(checksum(file));
        } catch (IllegalArgumentException e) {
            return false; // a tensor that is not F32: not what was written
        }
    }

    private static String checksum(Safetensors file) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
        new TreeMap<>(file.metadata()).forEach((key, value) -> {
            if (!key.equals(CHECKSUM)) {
                text(digest, key);
                text(digest, value);
            }
        });
        for (String name : file.names()) {
            text(digest, name);
            text(digest, file.shape(name).toString());
            // Everything these files hold is F32; what else is found belongs to another program and has no checksum.
            float[] values = file.floats(name);
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void text(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
        digest.update(bytes);
    }

    /** Removes what killed processes left of earlier tries. */
    private static void clean(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        String prefix = "." + path.getFileName() + ".";
        if (folder == null || !Files.isDirectory(folder)) {
            return; // the writer says so
        }
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, entry -> {
            String name = entry.getFileName().toString();
            return name.startsWith(prefix) && name.substring(prefix.length()).matches("[0-9]{1,9}\\.part");
        })) {
            for (Path part : parts) {
                String name = part.getFileName().toString();
                long process = Long.parseLong(name.substring(prefix.length(), name.length() - ".part".length()));
                if (ProcessHandle.of(process).isEmpty()) {
                    Files.deleteIfExists(part);
                }
            }
        } catch (IOException e) {
            // Left-overs cost disk space only; the write that follows reports what is wrong with the directory.
            return;
        }
    }
}
