package dev.clave;

import dev.clave.internal.Storage;

/**
 * Values of one {@link DType} and {@link Shape} on one {@link Device}. It holds data; operators live in
 * {@code dev.clave.op}. {@link #close} releases the memory, once enqueued work that uses it is done; a view shares its
 * parent's memory and is invalid after the parent's close. Whatever is done to a closed tensor throws
 * {@link IllegalStateException}. Used by one thread at a time; different tensors of one device may be used by different threads.
 */
public final class Tensor implements AutoCloseable {
    private final Device device;
    private final DType dtype;
    private final Shape shape;
    private final Storage storage;

    Tensor(Device device, DType dtype, Shape shape, Storage storage) {
        this.device = device;
        this.dtype = dtype;
        this.shape = shape;
        this.storage = storage;
    }

    /** {@return the device that holds the values} */
    public Device device() {
        return device;
    }

    /** {@return type of the elements} */
    public DType dtype() {
        return dtype;
    }

    /** {@return extents, outermost first} */
    public Shape shape() {
        return shape;
    }

    /** {@return the memory behind the tensor, for operator implementations} */
    public Storage storage() {
        return storage;
    }

    /**
     * {@return a view of {@code shape.elements()} elements that starts {@code first} elements into this tensor} On an
     * OpenCL device {@code first * dtype.bytes()} must be a multiple of {@link Device#viewAlignment}.
     *
     * @param first element where it begins
     * @param shape its extents, outermost first
     */
    public Tensor view(int first, Shape shape) {
        if (first < 0 || (long) first + shape.elements() > this.shape.elements()) {
            throw new IllegalArgumentException(
                    "view of " + shape + " at element " + first + " leaves tensor " + this.shape);
        }
        return new Tensor(
                device,
                dtype,
                shape,
                storage.view((long) first * dtype.bytes(), (long) shape.elements() * dtype.bytes()));
    }

    /**
     * Copies all values from the host; for F32 (and F64, widened) tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(float... values) {
        check("write", values.length);
        if (dtype == DType.F64) {
            double[] wide = new double[values.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = values[i];
            }
            storage.write(wide, 0, wide.length);
        } else {
            expect(DType.F32, "write(float[])");
            storage.write(values, 0, values.length);
        }
        return this;
    }

    /**
     * Copies all values from the host; for F64 (and F32, rounded) tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(double... values) {
        check("write", values.length);
        if (dtype == DType.F32) {
            float[] narrow = new float[values.length];
            for (int i = 0; i < narrow.length; i++) {
                narrow[i] = (float) values[i];
            }
            storage.write(narrow, 0, narrow.length);
        } else {
            expect(DType.F64, "write(double[])");
            storage.write(values, 0, values.length);
        }
        return this;
    }

    /**
     * Copies all values from the host; for I32 tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(int... values) {
        check("write", values.length);
        expect(DType.I32, "write(int[])");
        storage.write(values, 0, values.length);
        return this;
    }

    /**
     * Copies all values from the host; for U8 tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(byte... values) {
        check("write", values.length);
        expect(DType.U8, "write(byte[])");
        storage.write(values, 0, values.length);
        return this;
    }

    /**
     * Waits for pending work and returns a copy of the values; F64 values are rounded.
     *
     * @return a copy, row-major
     */
    public float[] readFloats() {
        if (dtype == DType.F64) {
            double[] wide = readDoubles();
            float[] narrow = new float[wide.length];
            for (int i = 0; i < wide.length; i++) {
                narrow[i] = (float) wide[i];
            }
            return narrow;
        }
        expect(DType.F32, "readFloats");
        float[] values = new float[shape.elements()];
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Waits for pending work and returns a copy of the values; F32 values are widened.
     *
     * @return a copy, row-major
     */
    public double[] readDoubles() {
        double[] values = new double[shape.elements()];
        if (dtype == DType.F32) {
            float[] narrow = readFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] = narrow[i];
            }
            return values;
        }
        expect(DType.F64, "readDoubles");
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Waits for pending work and returns a copy of the values of an I32 tensor.
     *
     * @return a copy, row-major
     */
    public int[] readInts() {
        expect(DType.I32, "readInts");
        int[] values = new int[shape.elements()];
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Waits for pending work and returns a copy of the values of a U8 tensor.
     *
     * @return a copy, row-major
     */
    public byte[] readBytes() {
        expect(DType.U8, "readBytes");
        byte[] values = new byte[shape.elements()];
        storage.read(values, 0, values.length);
        return values;
    }

    /** Releases the memory; a second close does nothing. */
    @Override
    public void close() {
        storage.close();
    }

    private void check(String what, int length) {
        if (length != shape.elements()) {
            throw new IllegalArgumentException(
                    what + ": tensor " + shape + " holds " + shape.elements() + " values, got " + length);
        }
    }

    private void expect(DType wanted, String call) {
        if (dtype != wanted) {
            throw new IllegalArgumentException(call + " needs a tensor of " + wanted + ", this one is " + dtype);
        }
    }

    @Override
    public String toString() {
        return dtype + shape.toString() + " on " + device.name();
    }
}
