package dev.clave.internal.cpu;

import dev.clave.DType;
import dev.clave.internal.Storage;
import java.lang.reflect.Array;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A Java array, or a part of one. */
public final class CpuStorage implements Storage {
    private final DType dtype;
    private final int offset;
    private final int length;
    private final @Nullable AtomicLong ledger;
    private @Nullable Object array;

    private CpuStorage(DType dtype, Object array, int offset, int length, @Nullable AtomicLong ledger) {
        this.dtype = dtype;
        this.array = array;
        this.offset = offset;
        this.length = length;
        this.ledger = ledger;
    }

    static CpuStorage allocate(DType dtype, int length, AtomicLong ledger) {
        Object array = switch (dtype) {
            case F32 -> new float[length];
            case F64 -> new double[length];
            case I32 -> new int[length];
            case U8 -> new byte[length];
        };
        ledger.addAndGet((long) length * dtype.bytes());
        return new CpuStorage(dtype, array, 0, length, ledger);
    }

    /** The float[], double[], int[] or byte[]. */
    public Object array() {
        if (array == null) {
            throw new IllegalStateException("tensor is closed");
        }
        return array;
    }

    /** Index of the first element in the array. */
    public int offset() {
        return offset;
    }

    /** Number of elements. */
    public int length() {
        return length;
    }

    @Override
    public long bytes() {
        return (long) length * dtype.bytes();
    }

    @Override
    public Storage view(long firstByte, long bytes) {
        return new CpuStorage(
                dtype,
                array(),
                Math.toIntExact(offset + firstByte / dtype.bytes()),
                Math.toIntExact(bytes / dtype.bytes()),
                null);
    }

    @Override
    public void write(Object source, int first, int count) {
        check(source, first, count);
        System.arraycopy(source, first, array(), offset, count);
    }

    @Override
    public void read(Object target, int first, int count) {
        check(target, first, count);
        System.arraycopy(array(), offset, target, first, count);
    }

    private void check(Object host, int first, int count) {
        if (first < 0 || count < 0 || first > Array.getLength(host) - count || count > length) {
            throw new IllegalArgumentException("transfer of " + count + " elements from " + first
                    + " leaves the host array of " + Array.getLength(host) + " or the tensor of " + length);
        }
    }

    @Override
    public void close() {
        if (array != null && ledger != null) {
            ledger.addAndGet(-bytes());
        }
        array = null;
    }
}
