package dev.clave.io;

import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.internal.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Files in safetensors format (github.com/huggingface/safetensors): eight bytes header length, a JSON header, the data.
 * Tensors of F32 and I32. Reading trusts nothing: sizes are checked before anything is allocated.
 */
public final class Safetensors {
    private static final int MOST_HEADER = 100_000_000;
    private static final String METADATA = "__metadata__";

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private record Entry(String dtype, Shape shape, ByteBuffer data) {}

    /** An empty file to be filled and written. */
    public Safetensors() {}

    /** {@return text that describes the file} */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** {@return names of the tensors in the order of the file} */
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("no tensor '" + name + "'; there are " + entries.keySet());
        }
        return entry;
    }

    /**
     * {@return shape of a tensor}
     *
     * @param name name of the tensor
     */
    public Shape shape(String name) {
        return entry(name).shape;
    }

    /**
     * {@return values of an F32 tensor}
     *
     * @param name name of the tensor
     */
    public float[] floats(String name) {
        Entry entry = typed(name, "F32");
        float[] values = new float[entry.shape.elements()];
        view(entry).asFloatBuffer().get(values);
        return values;
    }

    /**
     * {@return values of an I32 tensor}
     *
     * @param name name of the tensor
     */
    public int[] ints(String name) {
        Entry entry = typed(name, "I32");
        int[] values = new int[entry.shape.elements()];
        view(entry).asIntBuffer().get(values);
        return values;
    }

    private Entry typed(String name, String dtype) {
        Entry entry = entry(name);
        if (!entry.dtype.equals(dtype)) {
            throw new IllegalArgumentException("tensor '" + name + "' is " + entry.dtype + ", asked for " + dtype);
        }
        return entry;
    }

    private static ByteBuffer view(Entry entry) {
        return entry.data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Adds an F32 tensor.
     *
     * @param name name of the tensor
     * @param shape its extents, outermost first
     * @param values row-major, as many as the shape has
     */
    public void put(String name, Shape shape, float[] values) {
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException("tensor '" + name + "' " + shape + " got " + values.length + " values");
        }
        ByteBuffer data =
                ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        entries.put(name, new Entry("F32", shape, data));
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return the tensors
     * @throws FormatException when it cannot be read or breaks a rule of the format
     */
    public static Safetensors read(Path file) {
        try {
            return parse(file.toString(), Files.readAllBytes(file));
        } catch (IOException | OutOfMemoryError e) {
            throw new FormatException(file.toString(), -1, "cannot be read: " + NewFile.reason(e));
        }
    }

    static Safetensors parse(String source, byte[] bytes) {
        if (bytes.length < 8) {
            throw new FormatException(source, 0, "a safetensors file has at least 8 bytes, got " + bytes.length);
        }
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MOST_HEADER || length > bytes.length - 8L) {
            throw new FormatException(
                    source, 0, "header of " + length + " bytes in a file of " + bytes.length + " bytes");
        }
        String header = new String(bytes, 8, (int) length, StandardCharsets.UTF_8);
        if (header.charAt(0) != '{' || !(Json.parse(source, header) instanceof Map<?, ?> map)) {
            throw new FormatException(source, 8, "the header is not a JSON object");
        }
        ByteBuffer data = ByteBuffer.wrap(bytes, 8 + (int) length, bytes.length - 8 - (int) length)
                .slice();
        Safetensors file = new Safetensors();
        List<long[]> ranges = new ArrayList<>();
        map.forEach((key, value) -> {
            String name = String.valueOf(key);
            if (!(value instanceof Map<?, ?> fields)) {
                throw new FormatException(source, 8, "entry '" + name + "' is not an object");
            }
            if (name.equals(METADATA)) {
                fields.forEach((k, v) -> {
                    if (!(v instanceof String line)) {
                        throw new FormatException(source, 8, "metadata '" + k + "' is not a string");
                    }
                    file.metadata.put(String.valueOf(k), line);
                });
            } else {
                file.entries.put(name, entry(source, name, fields, data, ranges));
            }
        });
        ranges.sort((a, b) -> a[0] != b[0] ? Long.compare(a[0], b[0]) : Long.compare(a[1], b[1]));
        long next = 0;
        for (long[] range : ranges) {
            if (range[0] != next) {
                throw new FormatException(source, 8 + length + next, "tensors overlap or leave a hole");
            }
            next = range[1];
        }
        if (next != data.capacity()) {
            throw new FormatException(source, 8 + length + next, data.capacity() - next + " bytes belong to no tensor");
        }
        return file;
    }

    /** Up to here every whole number is a double, which JSON's numbers are. */
    private static final long MOST_WHOLE = 1L << 53;

    private static Entry entry(String source, String name, Map<?, ?> fields, ByteBuffer data, List<long[]> ranges) {
        String rule = "tensor '" + name + "': ";
        String dtype = String.valueOf(fields.get("dtype"));
        if (!dtype.equals("F32") && !dtype.equals("I32")) {
            throw new FormatException(source, 8, rule + "dtype " + dtype + ", known are F32 and I32");
        }
        if (!(fields.get("shape") instanceof List<?> extents)
                || !(fields.get("data_offsets") instanceof List<?> offsets)
                || offsets.size() != 2) {
            throw new FormatException(source, 8, rule + "shape or data_offsets missing");
        }
        int[] shape = new int[extents.size()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = (int) whole(source, rule + "shape", extents.get(i), Integer.MAX_VALUE);
        }
        long first = whole(source, rule + "data_offsets", offsets.get(0), MOST_WHOLE);
        long last = whole(source, rule + "data_offsets", offsets.get(1), MOST_WHOLE);
        if (Math.max(first, last) > data.capacity()) {
            throw new FormatException(
                    source,
                    8,
                    rule + "its values end at byte " + Math.max(first, last) + " of them all, the file holds "
                            + data.capacity() + ": it is cut");
        }
        Shape checked;
        try {
            checked = Shape.of(shape);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new FormatException(source, 8, rule + e.getMessage());
        }
        if (last - first != 4L * checked.elements()) {
            throw new FormatException(
                    source, 8, rule + checked + " needs " + 4L * checked.elements() + " bytes, has " + (last - first));
        }
        ranges.add(new long[] {first, last});
        return new Entry(dtype, checked, data.slice((int) first, (int) (last - first)));
    }

    private static long whole(String source, String what, @org.jspecify.annotations.Nullable Object value, long most) {
        if (value instanceof Double number && number >= 0 && number <= most && number == Math.rint(number)) {
            return number.longValue();
        }
        throw new FormatException(source, 8, what + ": not a whole number in 0.." + most + ": " + value);
    }

    /**
     * Writes the file atomically: a reader sees the old or the new one, whatever happens.
     *
     * @param file the file
     * @throws IllegalArgumentException when the directory is missing
     * @throws FormatException when writing fails; nothing is left behind
     */
    public void write(Path file) {
        StringBuilder header = new StringBuilder("{");
        if (!metadata.isEmpty()) {
            header.append(Json.quoted(METADATA)).append(":{");
            metadata.forEach((key, value) -> header.append(Json.quoted(key))
                    .append(':')
                    .append(Json.quoted(value))
                    .append(','));
            header.setCharAt(header.length() - 1, '}');
            header.append(',');
        }
        long next = 0;
        for (Map.Entry<String, Entry> named : entries.entrySet()) {
            Entry entry = named.getValue();
            header.append(Json.quoted(named.getKey()))
                    .append(":{\"dtype\":\"")
                    .append(entry.dtype)
                    .append("\",\"shape\":")
                    .append(entry.shape.toString().replace(" ", ""))
                    .append(",\"data_offsets\":[")
                    .append(next)
                    .append(',')
                    .append(next + entry.data.capacity())
                    .append("]},");
            next += entry.data.capacity();
        }
        if (header.length() > 1) {
            header.setLength(header.length() - 1);
        }
        header.append('}');
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        int padded = (text.length + 7) / 8 * 8;
        ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(padded).put(text);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        NewFile.write(file, out -> {
            out.write(head.array());
            for (Entry entry : entries.values()) {
                ByteBuffer data = entry.data.duplicate().rewind();
                Channels.newChannel(out).write(data);
            }
        });
    }
}
