package dev.clave.io;

import dev.clave.FormatException;
import dev.clave.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The header of a .npy file: magic, version, length, and a Python dictionary with exactly the keys descr, fortran_order and
 * shape.
 *
 * @param end byte at which the values begin
 */
record NpyHeader(NpyArray.Type type, boolean bigEndian, boolean fortran, Shape shape, int end) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MOST_TEXT = 1 << 20;
    private static final int MOST_RANK = 64;
    /** numpy leaves room for an extent of this many digits, so that an array can be appended to in place. */
    private static final int DIGITS = 21;

    static byte[] of(NpyArray.Type type, Shape shape) {
        StringBuilder text = new StringBuilder();
        text.append("{'descr': '").append(type.descriptor()).append("', 'fortran_order': False, 'shape': (");
        for (int axis = 0; axis < shape.rank(); axis++) {
            text.append(axis == 0 ? "" : ", ").append(shape.extent(axis));
        }
        text.append(shape.rank() == 1 ? ",), }" : "), }");
        if (shape.rank() > 0) {
            text.append(" ".repeat(DIGITS - String.valueOf(shape.extent(0)).length()));
        }
        int length = (10 + text.length() + 1 + 63) / 64 * 64;
        ByteBuffer header = ByteBuffer.allocate(length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (length - 10));
        header.put(text.toString().getBytes(StandardCharsets.US_ASCII));
        Arrays.fill(header.array(), header.position(), length - 1, (byte) ' ');
        header.put(length - 1, (byte) '\n');
        return header.array();
    }

    static NpyHeader parse(String source, ByteBuffer input) {
        ByteBuffer bytes = input.slice().order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int size = bytes.capacity();
        byte[] start = new byte[Math.min(size, MAGIC.length)];
        bytes.get(0, start);
        if (!Arrays.equals(start, MAGIC)) {
            throw new FormatException(source, 0, "not a .npy file: it does not begin with \\x93NUMPY");
        }
        if (size < 10) {
            throw new FormatException(source, size, "cut inside the header");
        }
        int major = bytes.get(6) & 255;
        int minor = bytes.get(7) & 255;
        if (major < 1 || major > 3 || minor != 0) {
            throw new FormatException(
                    source, 6, ".npy version " + major + "." + minor + ", known are 1.0, 2.0 and 3.0");
        }
        int begin = major == 1 ? 10 : 12;
        if (size < begin) {
            throw new FormatException(source, size, "cut inside the header");
        }
        long length = major == 1 ? bytes.getShort(8) & 0xFFFF : bytes.getInt(8) & 0xFFFFFFFFL;
        if (length > MOST_TEXT || length > size - begin) {
            throw new FormatException(
                    source,
                    8,
                    "a header of " + length + " bytes in a file of " + size + " bytes, at most " + MOST_TEXT);
        }
        byte[] text = new byte[(int) length];
        bytes.get(begin, text);
        // Every legal header is ASCII, so byte and character offsets agree.
        Reader reader = new Reader(source, new String(text, StandardCharsets.ISO_8859_1), begin);
        NpyHeader header = reader.header(begin + (int) length);
        long needed = (long) header.shape.elements() * header.type.bytes();
        if (needed != size - header.end) {
            throw new FormatException(
                    source,
                    header.end,
                    "shape " + header.shape + " of " + header.type.descriptor() + " needs " + needed
                            + " bytes, there are " + (size - header.end));
        }
        return header;
    }

    /** A parser for the few Python literals that a header may hold. */
    private static final class Reader {
        private final String source;
        private final String text;
        private final int offset;
        private int at;

        private Reader(String source, String text, int offset) {
            this.source = source;
            this.text = text;
            this.offset = offset;
        }

        private FormatException broken(int where, String rule) {
            return new FormatException(source, (long) offset + where, "npy header: " + rule);
        }

        private NpyHeader header(int end) {
            String descriptor = null;
            Boolean fortran = null;
            Shape shape = null;
            int typeAt = 0;
            Set<String> seen = new HashSet<>();
            expect('{');
            while (!take('}')) {
                int begin = at;
                String key = string();
                if (!seen.add(key)) {
                    throw broken(begin, "key '" + key + "' stands twice");
                }
                expect(':');
                space();
                switch (key) {
                    case "descr" -> {
                        typeAt = at;
                        descriptor = string();
                    }
                    case "fortran_order" -> fortran = truth();
                    case "shape" -> shape = shape();
                    default -> throw broken(begin, "unknown key '" + key + "'");
                }
                if (!take(',')) {
                    expect('}');
                    break;
                }
            }
            space();
            if (at < text.length()) {
                throw broken(at, "text behind the dictionary");
            }
            if (descriptor == null || fortran == null || shape == null) {
                throw broken(0, "descr, fortran_order and shape are expected, got " + seen);
            }
            NpyArray.Type type = type(descriptor);
            if (type == null) {
                throw broken(typeAt, "values of type '" + descriptor + "', known are f4, f8, i4, i8 and u1");
            }
            return new NpyHeader(type, descriptor.charAt(0) == '>' && type.bytes() > 1, fortran, shape, end);
        }

        private static NpyArray.@Nullable Type type(String descriptor) {
            for (NpyArray.Type type : NpyArray.Type.values()) {
                if (descriptor.length() == 3 && descriptor.endsWith(type.code())) {
                    // '|' means that the order of bytes does not matter, '=' never stands in a file.
                    boolean known = "<>".indexOf(descriptor.charAt(0)) >= 0;
                    return known || (type.bytes() == 1 && descriptor.charAt(0) == '|') ? type : null;
                }
            }
            return null;
        }

        private void space() {
            while (at < text.length() && " \n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private boolean take(char wanted) {
            space();
            if (at < text.length() && text.charAt(at) == wanted) {
                at++;
                return true;
            }
            return false;
        }

        private void expect(char wanted) {
            if (!take(wanted)) {
                throw broken(at, "'" + wanted + "' expected");
            }
        }

        private String string() {
            char quote = take('"') ? '"' : '\'';
            boolean opened = quote == '"' || take(quote);
            int end = text.indexOf(quote, at);
            if (!opened || end < 0 || end - at > 64 || text.substring(at, end).indexOf('\\') >= 0) {
                throw broken(at, "a short plain string expected");
            }
            String value = text.substring(at, end);
            at = end + 1;
            return value;
        }

        private boolean truth() {
            for (boolean value : new boolean[] {true, false}) {
                String word = value ? "True" : "False";
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return value;
                }
            }
            throw broken(at, "True or False expected");
        }

        private Shape shape() {
            int begin = at;
            List<Integer> extents = new ArrayList<>();
            expect('(');
            while (!take(')')) {
                extents.add(extent());
                if (extents.size() > MOST_RANK) {
                    throw broken(begin, "more than " + MOST_RANK + " axes");
                }
                boolean comma = take(',');
                if (!comma && extents.size() == 1) {
                    throw broken(at, "',' expected: one extent without a comma is no tuple");
                }
                if (!comma) {
                    expect(')');
                    break;
                }
            }
            try {
                return Shape.of(extents.stream().mapToInt(Integer::intValue).toArray());
            } catch (IllegalArgumentException e) {
                throw broken(begin, String.valueOf(e.getMessage()));
            }
        }

        private int extent() {
            space();
            int begin = at;
            while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
                at++;
            }
            String digits = text.substring(begin, at);
            if (digits.isEmpty() || digits.length() > 10 || Long.parseLong(digits) > Integer.MAX_VALUE) {
                String shown = digits.substring(0, Math.min(digits.length(), 20));
                throw broken(begin, String.format(Locale.ROOT, "an extent up to 2^31 - 1 expected, got '%s'", shown));
            }
            return Integer.parseInt(digits);
        }
    }
}
