package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.internal.opencl.OpenClDevice;
import java.lang.reflect.Array;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs a case in any layout: moves values into the layout, guards every tensor, moves results back. */
final class Harness {
    private Harness() {}

    /** Results by slot name, in NCHW order: what the operator writes. */
    static Map<String, Object> run(TestDevices.Place place, OpCase op) {
        Device device = place.device();
        // The twin is the CPU's fastest path; candidates are meant by name.
        String candidate = place.candidate().equals("twin") ? null : place.candidate();
        try (Invocation invocation = Operators.prepare(device, place.problem(), candidate)) {
            return run(device, invocation, op);
        }
    }

    /** With a candidate that is not in the catalogue. */
    static Map<String, Object> run(OpenClDevice device, Problem problem, OpenClCandidate candidate, OpCase op) {
        try (Invocation invocation = Invocation.openCl(device, problem, candidate)) {
            return run(device, invocation, op);
        }
    }

    /** With what is prepared. */
    static Map<String, Object> run(Device device, Invocation invocation, OpCase op) {
        try (Bound bound = new Bound(device, invocation, op)) {
            invocation.run();
            Tuned.count(device, invocation);
            return bound.results();
        }
    }

    /** An invocation with guarded tensors that hold a case; the invocation stays the caller's. */
    static final class Bound implements AutoCloseable {
        private final Problem problem;
        private final Problem plain;
        private final Map<String, Canary> tensors = new LinkedHashMap<>();

        Bound(Device device, Invocation invocation, OpCase op) {
            this.problem = invocation.problem();
            this.plain = op.geometry()
                    .problem(op.direction(), new Format(problem.format().real(), 1));
            try {
                for (Slot slot : problem.slots()) {
                    Object values = slot.role() == Slot.Role.OUT
                            ? null
                            : laidOut(op.inputs().get(slot.name()), plain.slot(slot.name()), slot, problem.format());
                    Canary canary = new Canary(device, problem + " " + op.name(), slot, values);
                    tensors.put(slot.name(), canary);
                    invocation.bind(slot.name(), canary.tensor());
                }
            } catch (RuntimeException e) {
                close();
                throw e;
            }
            op.scalars().forEach((name, value) -> {
                if (problem.scalars().contains(name)) {
                    invocation.set(name, value);
                }
            });
        }

        /** After a run; the guards are looked at. */
        Map<String, Object> results() {
            Map<String, Object> results = new LinkedHashMap<>();
            for (Slot slot : problem.slots()) {
                Object values = tensors.get(slot.name()).check();
                if (slot.role() != Slot.Role.IN) {
                    results.put(slot.name(), plainOrder(values, plain.slot(slot.name()), slot, problem.format()));
                }
            }
            return results;
        }

        @Override
        public void close() {
            tensors.values().forEach(Canary::close);
        }
    }

    private static boolean isBlocked(Slot plain, Slot slot) {
        return slot.shape().rank() == plain.shape().rank() + 1;
    }

    /** Place of NCHW element i among blocks of lanes. */
    private static int place(int i, Shape plain, int lanes) {
        int inner = plain.elements() / plain.extent(0);
        int n = i / inner;
        return (n / lanes * inner + i % inner) * lanes + n % lanes;
    }

    /** Samples beyond N hold a number that a sum would show, in gradients of outputs zeros as promised. */
    private static Object laidOut(Object host, Slot plain, Slot slot, Format format) {
        Object given = converted(host, plain);
        if (plain.shape().equals(slot.shape())) {
            return given;
        }
        float filler = slot.name().equals("gradOutput") || !slot.dtype().isReal() ? 0 : 1234.5f;
        Object moved = Values.filled(
                slot.dtype(), slot.shape().elements(), slot.dtype().isReal() ? Float.floatToRawIntBits(filler) : 0);
        for (int i = 0; i < Array.getLength(given); i++) {
            int to = isBlocked(plain, slot) ? place(i, plain.shape(), format.lanes()) : i;
            System.arraycopy(given, i, moved, to, 1);
        }
        return moved;
    }

    private static Object converted(Object host, Slot slot) {
        if (host == null) {
            return Values.filled(slot.dtype(), slot.shape().elements(), 0);
        }
        if (slot.dtype() == DType.F64) {
            return Values.doubles(host);
        }
        return slot.dtype() == DType.F32 && host instanceof double[] wide ? Values.floats(wide) : host;
    }

    private static Object plainOrder(Object values, Slot plain, Slot slot, Format format) {
        if (plain.shape().equals(slot.shape())) {
            return values;
        }
        Object moved = Values.filled(slot.dtype(), plain.shape().elements(), 0);
        for (int i = 0; i < Array.getLength(moved); i++) {
            int from = isBlocked(plain, slot) ? place(i, plain.shape(), format.lanes()) : i;
            System.arraycopy(values, from, moved, i, 1);
        }
        return moved;
    }
}
