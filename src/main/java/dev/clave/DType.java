package dev.clave;

/** Type of the elements of a {@link Tensor}. */
public enum DType {
    /** IEEE 754 single precision. */
    F32(4),
    /** IEEE 754 double precision; on OpenCL devices with fp64 only. */
    F64(8),
    /** Signed 32-bit integer: labels and argmax. */
    I32(4),
    /** Unsigned 8-bit integer: pixels. */
    U8(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** {@return size of one element in bytes} */
    public int bytes() {
        return bytes;
    }

    /** {@return whether this is a floating-point type} */
    public boolean isReal() {
        return this == F32 || this == F64;
    }
}
