package dev.clave.io;

import dev.clave.FormatException;
import dev.clave.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * An array in numpy's .npy format (numpy.lib.format, versions 1.0, 2.0 and 3.0). Values lie in C order, the last axis
 * fastest; files in Fortran order and big-endian ones are converted while reading. Written are version 1.0, C order,
 * little-endian, byte for byte what numpy 2 writes. Nothing executable is read: object arrays are refused.
 */
public final class NpyArray {
    /** Type of the values. */
    public enum Type {
        /** IEEE 754 single precision. */
        FLOAT32("f4", 4),
        /** IEEE 754 double precision. */
        FLOAT64("f8", 8),
        /** Signed, 32 bits. */
        INT32("i4", 4),
        /** Signed, 64 bits. */
        INT64("i8", 8),
        /** Unsigned, 8 bits. */
        UINT8("u1", 1);

        private final String code;
        private final int bytes;

        Type(String code, int bytes) {
            this.code = code;
            this.bytes = bytes;
        }

        /** {@return size of a value in bytes} */
        public int bytes() {
            return bytes;
        }

        /** Descriptor of the little-endian type, for example {@code <f4}. */
        String descriptor() {
            return (bytes == 1 ? "|" : "<") + code;
        }

        String code() {
            return code;
        }
    }

    private final Type type;
    private final Shape shape;
    private final ByteBuffer data;

    private NpyArray(Type type, Shape shape, ByteBuffer data) {
        this.type = type;
        this.shape = shape;
        this.data = data;
    }

    private static NpyArray filled(Type type, Shape shape, int values) {
        if (values != shape.elements()) {
            throw new IllegalArgumentException(
                    "npy: shape " + shape + " has " + shape.elements() + " elements, got " + values + " values");
        }
        int size = Math.multiplyExact(values, type.bytes);
        return new NpyArray(type, shape, ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN));
    }

    /**
     * {@return a FLOAT32 array; the values are copied}
     *
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static NpyArray of(Shape shape, float[] values) {
        NpyArray array = filled(Type.FLOAT32, shape, values.length);
        array.data.asFloatBuffer().put(values);
        return array;
    }

    /**
     * {@return a FLOAT64 array; the values are copied}
     *
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static NpyArray of(Shape shape, double[] values) {
        NpyArray array = filled(Type.FLOAT64, shape, values.length);
        array.data.asDoubleBuffer().put(values);
        return array;
    }

    /**
     * {@return an INT32 array; the values are copied}
     *
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static NpyArray of(Shape shape, int[] values) {
        NpyArray array = filled(Type.INT32, shape, values.length);
        array.data.asIntBuffer().put(values);
        return array;
    }

    /**
     * {@return an INT64 array; the values are copied}
     *
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static NpyArray of(Shape shape, long[] values) {
        NpyArray array = filled(Type.INT64, shape, values.length);
        array.data.asLongBuffer().put(values);
        return array;
    }

    /**
     * {@return a UINT8 array; the values are copied}
     *
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static NpyArray of(Shape shape, byte[] values) {
        NpyArray array = filled(Type.UINT8, shape, values.length);
        array.data.duplicate().put(values);
        return array;
    }

    /** {@return type of the values} */
    public Type type() {
        return type;
    }

    /** {@return extents; a scalar has none} */
    public Shape shape() {
        return shape;
    }

    private ByteBuffer typed(Type wanted) {
        if (type != wanted) {
            throw new IllegalArgumentException(
                    "npy: the array is " + type.name().toLowerCase(Locale.ROOT) + ", asked for "
                            + wanted.name().toLowerCase(Locale.ROOT));
        }
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** {@return a copy of the values of a FLOAT32 array} */
    public float[] floats() {
        float[] values = new float[shape.elements()];
        typed(Type.FLOAT32).asFloatBuffer().get(values);
        return values;
    }

    /** {@return a copy of the values of a FLOAT64 array} */
    public double[] doubles() {
        double[] values = new double[shape.elements()];
        typed(Type.FLOAT64).asDoubleBuffer().get(values);
        return values;
    }

    /** {@return a copy of the values of an INT32 array} */
    public int[] ints() {
        int[] values = new int[shape.elements()];
        typed(Type.INT32).asIntBuffer().get(values);
        return values;
    }

    /** {@return a copy of the values of an INT64 array} */
    public long[] longs() {
        long[] values = new long[shape.elements()];
        typed(Type.INT64).asLongBuffer().get(values);
        return values;
    }

    /** {@return a copy of the values of a UINT8 array, as signed bytes} */
    public byte[] bytes() {
        byte[] values = new byte[shape.elements()];
        typed(Type.UINT8).get(values);
        return values;
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return the array
     * @throws FormatException when it cannot be read, breaks a rule of the format, or holds another type of values
     */
    public static NpyArray read(Path file) {
        try {
            return parse(file.toString(), ByteBuffer.wrap(Files.readAllBytes(file)));
        } catch (IOException | OutOfMemoryError e) {
            throw new FormatException(file.toString(), -1, "cannot be read: " + NewFile.reason(e));
        }
    }

    /** Reads a whole buffer; the array shares its bytes where no conversion is needed. */
    static NpyArray parse(String source, ByteBuffer bytes) {
        NpyHeader header = NpyHeader.parse(source, bytes);
        Type type = header.type();
        ByteBuffer values = bytes.duplicate().position(header.end()).slice();
        if (header.bigEndian() || (header.fortran() && header.shape().rank() > 1)) {
            values = NpyLayout.convert(values, type.bytes, header);
        }
        return new NpyArray(type, header.shape(), values.order(ByteOrder.LITTLE_ENDIAN));
    }

    /**
     * Writes a file; a reader sees the old file or the new one, never a part.
     *
     * @param file the file
     * @throws FormatException when it cannot be written
     */
    public void write(Path file) {
        NewFile.write(file, out -> {
            out.write(NpyHeader.of(type, shape));
            out.write(data.array(), data.arrayOffset(), data.capacity());
        });
    }

    /** The bytes of a file. */
    byte[] encoded() {
        byte[] header = NpyHeader.of(type, shape);
        byte[] all = java.util.Arrays.copyOf(header, Math.addExact(header.length, data.capacity()));
        data.duplicate().rewind().get(all, header.length, data.capacity());
        return all;
    }
}
