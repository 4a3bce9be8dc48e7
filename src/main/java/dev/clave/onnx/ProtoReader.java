package dev.clave.onnx;

import dev.clave.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A cursor over one protobuf message (protobuf.dev/programming-guides/encoding). Written here because ONNX needs a dozen
 * messages of integers, floats, strings and nested messages, and a generated library would be larger than this whole jar.
 * Every length is checked against the message it lies in before anything is allocated; groups are refused.
 */
final class ProtoReader {
    /** Each is appended to a copy, so many would take long. */
    private static final int MOST_UNPACKED = 1 << 13;

    private static final int MOST_TEXT = 1 << 16;

    private final String source;
    private final byte[] bytes;
    private final int end;
    private int at;
    private int wire;

    ProtoReader(String source, byte[] bytes) {
        this(source, bytes, 0, bytes.length);
    }

    private ProtoReader(String source, byte[] bytes, int at, int end) {
        this.source = source;
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    int offset() {
        return at;
    }

    FormatException broken(String rule) {
        return new FormatException(source, at, rule);
    }

    /** Number of the next field, 0 at the end of the message. Its value must be read or skipped. */
    int next() {
        if (at == end) {
            return 0;
        }
        long key = rawVarint();
        wire = (int) (key & 7);
        long field = key >>> 3;
        if (field < 1 || field > (1 << 29) - 1) {
            throw broken("field number " + field);
        }
        if (wire != 0 && wire != 1 && wire != 2 && wire != 5) {
            throw broken("field " + field + " has wire type " + wire);
        }
        return (int) field;
    }

    private long rawVarint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= end) {
                throw broken("the message ends inside a number");
            }
            byte b = bytes[at++];
            value |= (long) (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw broken("a number of more than ten bytes");
    }

    private void expect(int wanted, String what) {
        if (wire != wanted) {
            throw broken(what + " expected, found wire type " + wire);
        }
    }

    /** A whole number. */
    long whole() {
        expect(0, "a whole number");
        return rawVarint();
    }

    /** A whole number that fits an int. */
    int small() {
        long value = whole();
        if (value != (int) value) {
            throw broken("number " + value + " is too large here");
        }
        return (int) value;
    }

    float real() {
        expect(5, "a float");
        return Float.intBitsToFloat((int) fixed(4));
    }

    private long fixed(int count) {
        if (end - at < count) {
            throw broken("the message ends inside a number");
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes, at, count).order(ByteOrder.LITTLE_ENDIAN);
        at += count;
        return count == 4 ? buffer.getInt() : buffer.getLong();
    }

    private int length() {
        expect(2, "a length");
        long length = rawVarint();
        if (length < 0 || length > end - at) {
            throw broken("a part of " + length + " bytes, " + (end - at) + " are left");
        }
        return (int) length;
    }

    String text() {
        int length = length();
        if (length > MOST_TEXT) {
            throw broken("a text of " + length + " bytes");
        }
        String text = new String(bytes, at, length, StandardCharsets.UTF_8);
        for (int i = 0; i < length; i++) {
            // Names end up in messages on terminals.
            if ((bytes[at + i] >= 0 && bytes[at + i] < ' ') || bytes[at + i] == 127) {
                throw broken("a text with control characters");
            }
        }
        at += length;
        return text;
    }

    /** The bytes of a field, not copied. */
    ByteBuffer data() {
        int length = length();
        at += length;
        return ByteBuffer.wrap(bytes, at - length, length).slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A nested message. */
    ProtoReader message() {
        int length = length();
        at += length;
        return new ProtoReader(source, bytes, at - length, at);
    }

    /** Appends one number or a packed list of them; refuses more than most. */
    long[] wholes(long[] before, int most) {
        if (wire == 0) {
            return append(before, rawVarint(), most);
        }
        ProtoReader packed = message();
        int count = 0;
        for (int i = packed.at; i < packed.end; i++) {
            count += bytes[i] >= 0 ? 1 : 0;
        }
        if (count > most - before.length) {
            throw packed.broken("more than " + most + " numbers");
        }
        long[] all = Arrays.copyOf(before, before.length + count);
        for (int i = before.length; i < all.length; i++) {
            all[i] = packed.rawVarint();
        }
        if (packed.at != packed.end) {
            throw packed.broken("the message ends inside a number");
        }
        return all;
    }

    private long[] append(long[] before, long value, int most) {
        if (before.length >= Math.min(most, MOST_UNPACKED)) {
            throw broken("more than " + Math.min(most, MOST_UNPACKED) + " numbers");
        }
        long[] all = Arrays.copyOf(before, before.length + 1);
        all[before.length] = value;
        return all;
    }

    /** Appends one float or a packed list of them. */
    float[] reals(float[] before) {
        if (wire == 5) {
            if (before.length >= MOST_UNPACKED) {
                throw broken("more than " + MOST_UNPACKED + " numbers that are not packed");
            }
            float[] all = Arrays.copyOf(before, before.length + 1);
            all[before.length] = real();
            return all;
        }
        ByteBuffer packed = data();
        if (packed.remaining() % 4 != 0) {
            throw broken("a list of floats of " + packed.remaining() + " bytes");
        }
        float[] all = Arrays.copyOf(before, before.length + packed.remaining() / 4);
        packed.asFloatBuffer().get(all, before.length, packed.remaining() / 4);
        return all;
    }

    void skip() {
        switch (wire) {
            case 0 -> rawVarint();
            case 1 -> fixed(8);
            case 2 -> data();
            default -> fixed(4);
        }
    }
}
