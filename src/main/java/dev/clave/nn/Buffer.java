package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Shape;
import dev.clave.Tensor;
import org.jspecify.annotations.Nullable;

/** Memory a plan needs from its first to its last use; {@link BufferPool} gives it a tensor. */
final class Buffer {
    private final String name;
    private final DType dtype;
    private final Shape shape;
    private int first = Integer.MAX_VALUE;
    private int last = -1;
    private @Nullable Tensor tensor;

    Buffer(String name, DType dtype, Shape shape) {
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
    }

    /** A buffer that exists already, such as a parameter. */
    static Buffer of(String name, Tensor tensor) {
        Buffer buffer = new Buffer(name, tensor.dtype(), tensor.shape());
        buffer.tensor = tensor;
        return buffer;
    }

    /** Used by the step of an index. */
    void use(int step) {
        first = Math.min(first, step);
        last = Math.max(last, step);
    }

    /** Read or written from outside: never shared. */
    void pin() {
        first = 0;
        last = Integer.MAX_VALUE;
    }

    String name() {
        return name;
    }

    DType dtype() {
        return dtype;
    }

    Shape shape() {
        return shape;
    }

    int first() {
        return first;
    }

    int last() {
        return last;
    }

    boolean isPlaced() {
        return tensor != null;
    }

    void place(Tensor place) {
        tensor = place;
    }

    Tensor tensor() {
        if (tensor == null) {
            throw new IllegalStateException("buffer " + name + " has no memory yet");
        }
        return tensor;
    }
}
