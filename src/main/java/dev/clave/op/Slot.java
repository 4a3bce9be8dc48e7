package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;

/**
 * A tensor an operator reads or writes, by name.
 *
 * @param name as in the operator's documentation
 * @param dtype type of its elements
 * @param shape its extents, outermost first
 * @param role what the operator does with it
 */
public record Slot(String name, DType dtype, Shape shape, Role role) {
    /** What the operator does with the tensor. */
    public enum Role {
        /** Read. */
        IN,
        /** Written completely. */
        OUT,
        /** Read and written. */
        INOUT
    }

    static Slot in(String name, DType dtype, Shape shape) {
        return new Slot(name, dtype, shape, Role.IN);
    }

    static Slot out(String name, DType dtype, Shape shape) {
        return new Slot(name, dtype, shape, Role.OUT);
    }

    static Slot inout(String name, DType dtype, Shape shape) {
        return new Slot(name, dtype, shape, Role.INOUT);
    }
}
