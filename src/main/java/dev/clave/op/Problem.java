package dev.clave.op;

import java.util.List;

/**
 * One direction of an operator on given sizes: what {@link Operators#prepare} takes.
 *
 * @param geometry the sizes
 * @param direction which of the geometry's directions
 * @param format type and layout of the real tensors
 * @param slots the tensors to bind, in the order of the operator's documentation
 * @param scalars names of the numbers that may change from run to run
 * @param flops floating-point operations, a multiply and an add count as two
 * @param accumulated longest sum behind one output element: the K of the error bound
 */
public record Problem(
        Geometry geometry,
        String direction,
        Format format,
        List<Slot> slots,
        List<String> scalars,
        double flops,
        int accumulated) {

    Problem(Geometry geometry, String direction, Format format, double flops, int accumulated, Slot... slots) {
        this(geometry, direction, format, List.of(slots), List.of(), flops, accumulated);
    }

    /** {@return name in the catalogue} */
    public String operator() {
        return geometry.operator();
    }

    /**
     * {@return the slot of a name}
     *
     * @param name name of the tensor
     */
    public Slot slot(String name) {
        for (Slot slot : slots) {
            if (slot.name().equals(name)) {
                return slot;
            }
        }
        throw new IllegalArgumentException(this + " has no tensor '" + name + "', it has "
                + slots.stream().map(Slot::name).toList());
    }

    /**
     * {@return whether there is a slot of that name}
     *
     * @param name name of the tensor
     */
    public boolean has(String name) {
        return slots.stream().anyMatch(slot -> slot.name().equals(name));
    }

    /** Whether there is nothing to read, as for a batch of 0: results are empty, and gradients of weights are zeros. */
    boolean isEmpty() {
        return slots.stream()
                .anyMatch(slot -> slot.role() != Slot.Role.OUT && slot.shape().elements() == 0);
    }

    @Override
    public String toString() {
        return operator() + " " + direction;
    }

    static IllegalArgumentException unknown(Geometry geometry, String direction) {
        return new IllegalArgumentException(
                geometry.operator() + " has no direction '" + direction + "', it has " + geometry.directions());
    }
}
