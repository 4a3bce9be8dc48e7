package dev.clave.spi;

import dev.clave.DType;

/** Memory that is a Java array, or a part of one: for backends that compute on such arrays. */
public final class HostMemory implements Memory {
    private final DType dtype;
    private final Object array;
    private final int offset;
    private final int length;

    private HostMemory(DType dtype, Object array, int offset, int length) {
        this.dtype = dtype;
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /**
     * {@return zeros}
     *
     * @param dtype type of the elements
     * @param elements how many, at least 0
     */
    public static HostMemory allocate(DType dtype, int elements) {
        Object array = switch (dtype) {
            case F32 -> new float[elements];
            case F64 -> new double[elements];
            case I32 -> new int[elements];
            case U8 -> new byte[elements];
        };
        return new HostMemory(dtype, array, 0, elements);
    }

    /** {@return the float[], double[], int[] or byte[], shared by all views} */
    public Object array() {
        return array;
    }

    /** {@return index of the first element in the array} */
    public int offset() {
        return offset;
    }

    /** {@return number of elements} */
    public int length() {
        return length;
    }

    @Override
    public HostMemory view(long firstByte, long bytes) {
        return new HostMemory(
                dtype,
                array,
                Math.toIntExact(offset + firstByte / dtype.bytes()),
                Math.toIntExact(bytes / dtype.bytes()));
    }

    @Override
    public void write(Object source, int first, int count) {
        System.arraycopy(source, first, array, offset, count);
    }

    @Override
    public void read(Object target, int first, int count) {
        System.arraycopy(array, offset, target, first, count);
    }

    /** The garbage collector owns the array. */
    @Override
    public void close() {
        // Nothing to free.
    }
}
