package dev.clave.onnx;

import dev.clave.FormatException;
import dev.clave.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of an ONNX file (TensorProto): float32, or whole numbers held as long (int64, int32, bool). Tensors of other
 * element types are read without their values, so that a message can name them.
 *
 * @param name name of the tensor
 * @param type element type as ONNX numbers them, see {@link #typeName}
 * @param shape its extents, outermost first
 * @param floats values when type is {@link #FLOAT}
 * @param wholes values when type is {@link #INT64}, {@link #INT32} or {@link #BOOL}
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record OnnxTensor(String name, int type, Shape shape, float @Nullable [] floats, long @Nullable [] wholes) {
    /** float32. */
    public static final int FLOAT = 1;
    /** int32. */
    public static final int INT32 = 6;
    /** int64. */
    public static final int INT64 = 7;
    /** One byte, 0 or 1. */
    public static final int BOOL = 9;

    private static final int MOST_AXES = 16;
    private static final List<String> TYPES = List.of(
            "UNDEFINED",
            "FLOAT",
            "UINT8",
            "INT8",
            "UINT16",
            "INT16",
            "INT32",
            "INT64",
            "STRING",
            "BOOL",
            "FLOAT16",
            "DOUBLE",
            "UINT32",
            "UINT64",
            "COMPLEX64",
            "COMPLEX128",
            "BFLOAT16");

    /**
     * {@return a float32 tensor}
     *
     * @param name name of the tensor
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static OnnxTensor of(String name, Shape shape, float[] values) {
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException("tensor '" + name + "' " + shape + " got " + values.length + " values");
        }
        return new OnnxTensor(name, FLOAT, shape, values, null);
    }

    /**
     * {@return an int64 tensor}
     *
     * @param name name of the tensor
     * @param shape its extents, outermost first
     * @param values the values, row-major
     */
    public static OnnxTensor of(String name, Shape shape, long[] values) {
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException("tensor '" + name + "' " + shape + " got " + values.length + " values");
        }
        return new OnnxTensor(name, INT64, shape, null, values);
    }

    /**
     * {@return what ONNX calls an element type}
     *
     * @param type type of the elements, as ONNX counts them
     */
    public static String typeName(int type) {
        return type >= 0 && type < TYPES.size() ? TYPES.get(type) : "type " + type;
    }

    /**
     * Reads a file that holds one tensor, as the test data of ONNX does.
     *
     * @param file the file
     * @return the tensor
     * @throws FormatException when it cannot be read or breaks a rule of the format
     */
    public static OnnxTensor read(Path file) {
        return read(new ProtoReader(file.toString(), OnnxModel.bytes(file)));
    }

    static OnnxTensor read(ProtoReader in) {
        String name = "";
        int type = 0;
        long[] dims = {};
        float[] floats = {};
        long[] wholes = {};
        ByteBuffer raw = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> dims = in.wholes(dims, MOST_AXES);
                case 2 -> type = in.small();
                case 3 -> throw in.broken("tensor '" + name + "' is a segment, whole tensors are read");
                case 4 -> floats = in.reals(floats);
                case 5, 7 -> wholes = in.wholes(wholes, Integer.MAX_VALUE);
                case 8 -> name = in.text();
                case 9 -> raw = in.data();
                case 13 -> throw external(in, name);
                case 14 -> {
                    if (in.whole() != 0) {
                        throw external(in, name);
                    }
                }
                default -> in.skip();
            }
        }
        Shape shape = shape(in, name, dims);
        return switch (type) {
            case FLOAT -> new OnnxTensor(name, type, shape, floats(in, name, shape, floats, raw), null);
            case INT64, INT32, BOOL ->
                new OnnxTensor(name, type, shape, null, wholes(in, name, shape, wholes, raw, type));
            default -> new OnnxTensor(name, type, shape, null, null);
        };
    }

    private static FormatException external(ProtoReader in, String name) {
        return in.broken("tensor '" + name + "' lies in another file; export the model as one file");
    }

    private static Shape shape(ProtoReader in, String name, long[] dims) {
        int[] extents = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] < 0 || dims[i] > Integer.MAX_VALUE) {
                throw in.broken("tensor '" + name + "' has an extent of " + dims[i]);
            }
            extents[i] = (int) dims[i];
        }
        try {
            return Shape.of(extents);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw in.broken("tensor '" + name + "': " + e.getMessage());
        }
    }

    private static void check(ProtoReader in, String name, Shape shape, long got, long expected, String unit) {
        if (got != expected) {
            throw in.broken("tensor '" + name + "' " + shape + " has " + got + " " + unit + ", expected " + expected);
        }
    }

    private static float[] floats(ProtoReader in, String name, Shape shape, float[] list, @Nullable ByteBuffer raw) {
        if (raw == null) {
            check(in, name, shape, list.length, shape.elements(), "values");
            return list;
        }
        check(in, name, shape, raw.remaining(), 4L * shape.elements(), "bytes");
        float[] values = new float[shape.elements()];
        raw.asFloatBuffer().get(values);
        return values;
    }

    private static long[] wholes(
            ProtoReader in, String name, Shape shape, long[] list, @Nullable ByteBuffer raw, int type) {
        if (raw == null) {
            check(in, name, shape, list.length, shape.elements(), "values");
            return list;
        }
        int size = type == INT64 ? 8 : type == INT32 ? 4 : 1;
        check(in, name, shape, raw.remaining(), (long) size * shape.elements(), "bytes");
        long[] values = new long[shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = size == 8 ? raw.getLong(8 * i) : size == 4 ? raw.getInt(4 * i) : raw.get(i);
        }
        return values;
    }

    ProtoWriter write() {
        ProtoWriter out = new ProtoWriter();
        long[] dims = new long[shape.rank()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.extent(i);
        }
        out.wholes(1, dims).whole(2, type).text(8, name);
        if (floats != null) {
            ByteBuffer raw =
                    ByteBuffer.allocate(Math.multiplyExact(4, floats.length)).order(ByteOrder.LITTLE_ENDIAN);
            raw.asFloatBuffer().put(floats);
            return out.data(9, raw.array());
        }
        if (wholes == null || type != INT64) {
            throw new IllegalArgumentException(
                    "tensor '" + name + "': FLOAT and INT64 are written, not " + typeName(type));
        }
        ByteBuffer raw =
                ByteBuffer.allocate(Math.multiplyExact(8, wholes.length)).order(ByteOrder.LITTLE_ENDIAN);
        raw.asLongBuffer().put(wholes);
        return out.data(9, raw.array());
    }

    @Override
    public String toString() {
        return typeName(type) + shape;
    }
}
