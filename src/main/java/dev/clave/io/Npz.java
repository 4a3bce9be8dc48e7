package dev.clave.io;

import dev.clave.FormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Named arrays in numpy's .npz format: a zip archive with one {@code name.npy} each, stored or deflated. Read are at most
 * 65,534 arrays, each below 2 GiB and unpacked 4 GiB together; an entry that unpacks to another size or checksum than it
 * says is refused, so are encrypted entries and other methods.
 */
public final class Npz {
    private static final String SUFFIX = ".npy";

    private Npz() {}

    /**
     * Reads all arrays, in the order of the archive. Names come without {@code .npy}.
     *
     * @param file the file
     * @return the arrays by name
     * @throws FormatException when the file cannot be read or breaks a rule; for rules of an array the message names
     *     file and entry, and the offset counts in the unpacked entry
     */
    public static Map<String, NpyArray> read(Path file) {
        try {
            return parse(file.toString(), Files.readAllBytes(file));
        } catch (IOException | OutOfMemoryError e) {
            throw new FormatException(file.toString(), -1, "cannot be read: " + NewFile.reason(e));
        }
    }

    static Map<String, NpyArray> parse(String source, byte[] bytes) {
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        for (Map.Entry<String, byte[]> entry :
                new ZipArchive(source, bytes).entries().entrySet()) {
            String name = entry.getKey();
            if (!name.endsWith(SUFFIX)) {
                throw new FormatException(
                        source, -1, "entry '" + name + "' is no array: its name does not end in .npy");
            }
            arrays.put(
                    name.substring(0, name.length() - SUFFIX.length()),
                    NpyArray.parse(source + "!" + name, ByteBuffer.wrap(entry.getValue())));
        }
        return arrays;
    }

    /**
     * Writes arrays; the same arrays give the same bytes.
     *
     * @param file the file
     * @param arrays by name, without {@code .npy}
     * @param deflate whether to compress, as {@code numpy.savez_compressed} does
     * @throws FormatException when the file cannot be written
     */
    public static void write(Path file, Map<String, NpyArray> arrays, boolean deflate) {
        if (arrays.size() > ZipArchive.MOST_ENTRIES) {
            throw new IllegalArgumentException(
                    "npz: " + arrays.size() + " arrays, at most " + ZipArchive.MOST_ENTRIES + " fit into one file");
        }
        NewFile.write(file, out -> {
            try (ZipOutputStream zip = new ZipOutputStream(out)) {
                for (Map.Entry<String, NpyArray> named : arrays.entrySet()) {
                    byte[] bytes = named.getValue().encoded();
                    CRC32 crc = new CRC32();
                    crc.update(bytes);
                    ZipEntry entry = new ZipEntry(named.getKey() + SUFFIX);
                    entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
                    entry.setMethod(deflate ? ZipEntry.DEFLATED : ZipEntry.STORED);
                    entry.setSize(bytes.length);
                    entry.setCrc(crc.getValue());
                    zip.putNextEntry(entry);
                    new ByteArrayInputStream(bytes).transferTo(zip);
                    zip.closeEntry();
                }
            }
        });
    }
}
