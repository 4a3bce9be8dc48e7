package com.example.plain;

import dev.clave.DType;
import dev.clave.spi.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory outside the Java heap. */
record DirectMemory(DType dtype, ByteBuffer bytes) implements Memory {
    static DirectMemory allocate(DType dtype, int elements) {
        return new DirectMemory(
                dtype, ByteBuffer.allocateDirect(elements * dtype.bytes()).order(ByteOrder.nativeOrder()));
    }

    @Override
    public Memory view(long firstByte, long count) {
        ByteBuffer part = bytes.slice(Math.toIntExact(firstByte), Math.toIntExact(count));
        return new DirectMemory(dtype, part.order(ByteOrder.nativeOrder()));
    }

    @Override
    public void write(Object array, int first, int count) {
        switch (dtype) {
            case F32 -> bytes.asFloatBuffer().put((float[]) array, first, count);
            case F64 -> bytes.asDoubleBuffer().put((double[]) array, first, count);
            case I32 -> bytes.asIntBuffer().put((int[]) array, first, count);
            case U8 -> bytes.duplicate().put((byte[]) array, first, count);
        }
    }

    @Override
    public void read(Object array, int first, int count) {
        switch (dtype) {
            case F32 -> bytes.asFloatBuffer().get((float[]) array, first, count);
            case F64 -> bytes.asDoubleBuffer().get((double[]) array, first, count);
            case I32 -> bytes.asIntBuffer().get((int[]) array, first, count);
            case U8 -> bytes.duplicate().get((byte[]) array, first, count);
        }
    }

    @Override
    public void close() {
        // The garbage collector frees direct memory.
    }
}
