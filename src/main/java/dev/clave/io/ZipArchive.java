package dev.clave.io;

import dev.clave.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads a zip archive (APPNOTE.TXT of PKWARE) that lies in memory, by its central directory. Sizes are held against the
 * archive before memory is taken for them: deflate packs at most 1032 to 1. Archives on several disks, encrypted entries
 * and zip64 directories (4 GiB or 65,535 entries) are refused.
 */
final class ZipArchive {
    static final int MOST_ENTRIES = 65_534;
    private static final long MOST_BYTES = 4L << 30;
    private static final int MOST_RATIO = 1032;
    private static final int END = 0x06054b50;
    private static final int END_SIZE = 22;
    private static final int CENTRAL = 0x02014b50;
    private static final int CENTRAL_SIZE = 46;
    private static final int LOCAL = 0x04034b50;
    private static final int LOCAL_SIZE = 30;

    private final String source;
    private final ByteBuffer bytes;
    private final int size;

    ZipArchive(String source, byte[] bytes) {
        this.source = source;
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        this.size = bytes.length;
    }

    private FormatException broken(long offset, String rule) {
        return new FormatException(source, offset, "zip: " + rule);
    }

    private int u16(long at) {
        return bytes.getShort((int) at) & 0xFFFF;
    }

    private long u32(long at) {
        return bytes.getInt((int) at) & 0xFFFFFFFFL;
    }

    /** Unpacked entries by name, in the order of the directory. */
    Map<String, byte[]> entries() {
        int end = end();
        int count = u16(end + 10);
        long length = u32(end + 12);
        long at = u32(end + 16);
        if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != count) {
            throw broken(end + 4, "an archive on several disks");
        }
        if (count > MOST_ENTRIES || at == 0xFFFFFFFFL) {
            throw broken(end + 10, "a zip64 directory; split the file");
        }
        if (at + length != end) {
            throw broken(end + 12, "a directory of " + length + " bytes at " + at + " does not end at " + end);
        }
        Map<String, byte[]> entries = new LinkedHashMap<>();
        long total = 0;
        long packed = 0;
        long directory = at;
        for (int i = 0; i < count; i++) {
            if (at + CENTRAL_SIZE > end || bytes.getInt((int) at) != CENTRAL) {
                throw broken(at, "entry " + i + " of the directory expected");
            }
            long next = at + CENTRAL_SIZE + u16(at + 28) + u16(at + 30) + u16(at + 32);
            if (next > end) {
                throw broken(at, "entry " + i + " of the directory is cut");
            }
            total += u32(at + 24);
            packed += u32(at + 20);
            if (packed > size) {
                throw broken(at + 20, "entries overlap: they hold more bytes than the archive");
            }
            if (total > MOST_BYTES) {
                throw broken(at + 24, "the entries unpack to more than " + MOST_BYTES + " bytes");
            }
            String name = name(at + CENTRAL_SIZE, u16(at + 28));
            if (entries.containsKey(name)) {
                throw broken(at, "entry '" + name + "' stands twice");
            }
            entries.put(name, unpack(name, at, directory));
            at = next;
        }
        if (at != end) {
            throw broken(at, "bytes behind the last entry of the directory");
        }
        return entries;
    }

    /** The record at the end; behind it a comment of up to 65,535 bytes. */
    private int end() {
        for (int at = size - END_SIZE; at >= Math.max(0, size - END_SIZE - 0xFFFF); at--) {
            if (bytes.getInt(at) == END && at + END_SIZE + u16(at + 20) == size) {
                return at;
            }
        }
        throw broken(Math.max(0, size - END_SIZE), "not a zip archive, or cut: there is no end record");
    }

    private String name(long at, int length) {
        byte[] name = new byte[length];
        bytes.get((int) at, name);
        return new String(name, StandardCharsets.UTF_8);
    }

    private byte[] unpack(String name, long central, long directory) {
        int method = u16(central + 10);
        long crc = u32(central + 16);
        long packed = u32(central + 20);
        long unpacked = u32(central + 24);
        long local = u32(central + 42);
        if ((u16(central + 8) & 1) != 0) {
            throw broken(central + 8, "entry '" + name + "' is encrypted");
        }
        if (local + LOCAL_SIZE > directory || bytes.getInt((int) local) != LOCAL) {
            throw broken(central + 42, "entry '" + name + "' points to byte " + local + ", where no entry begins");
        }
        long begin = local + LOCAL_SIZE + u16(local + 26) + u16(local + 28);
        if (begin + packed > directory) {
            throw broken(central + 20, "entry '" + name + "' of " + packed + " bytes does not fit into the archive");
        }
        int nameLength = u16(local + 26);
        if (u16(local + 8) != method || !name(local + LOCAL_SIZE, nameLength).equals(name)) {
            throw broken(local, "entry '" + name + "' differs from its line in the directory");
        }
        byte[] values = switch (method) {
            case 0 -> stored(name, central, begin, packed, unpacked);
            case 8 -> inflated(name, central, begin, packed, unpacked);
            default -> throw broken(central + 10, "entry '" + name + "' has method " + method + ", known: 0, 8");
        };
        CRC32 sum = new CRC32();
        sum.update(values);
        if (sum.getValue() != crc) {
            throw broken(begin, "entry '" + name + "' has another checksum than the directory says");
        }
        return values;
    }

    private byte[] stored(String name, long central, long begin, long packed, long unpacked) {
        if (packed != unpacked) {
            throw broken(central + 20, "entry '" + name + "' is stored, but its sizes differ");
        }
        byte[] values = new byte[(int) packed];
        bytes.get((int) begin, values);
        return values;
    }

    private byte[] inflated(String name, long central, long begin, long packed, long unpacked) {
        if (unpacked > Integer.MAX_VALUE - 8 || unpacked > packed * MOST_RATIO + 64) {
            throw broken(
                    central + 24, "entry '" + name + "' cannot unpack from " + packed + " to " + unpacked + " bytes");
        }
        byte[] values = new byte[(int) unpacked];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(bytes.duplicate().limit((int) (begin + packed)).position((int) begin));
            int done = 0;
            while (done < values.length) {
                int count = inflater.inflate(values, done, values.length - done);
                if (count == 0) {
                    break;
                }
                done += count;
            }
            if (done < values.length || inflater.inflate(new byte[1]) > 0 || !inflater.finished()) {
                throw broken(begin, "entry '" + name + "' does not unpack to the " + unpacked + " bytes it says");
            }
            if (inflater.getBytesRead() != packed) {
                throw broken(begin, "entry '" + name + "' has bytes behind its end");
            }
            return values;
        } catch (DataFormatException e) {
            throw broken(
                    begin + inflater.getBytesRead(), "entry '" + name + "' is no deflate stream: " + e.getMessage());
        } finally {
            inflater.end();
        }
    }
}
