package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;

/**
 * A tensor an operator reads or writes, by name.
 *
 * @param name name to bind it by
 * @param dtype type of the elements
 * @param shape its extents, outermost first
 * @param role whether it is read or written
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
