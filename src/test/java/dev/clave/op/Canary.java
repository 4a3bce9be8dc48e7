package dev.clave.op;

import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.lang.reflect.Array;

/**
 * A tensor in the middle of guards: guard | data | guard. Guards hold a pattern: reading one of an input spoils the result,
 * writing one is seen.
 */
final class Canary implements AutoCloseable {
    /** Around inputs: in a float a quiet NaN, so that reading it spoils the result. */
    private static final int NAN_GUARD = 0x7FC0DEAD;
    /** Around results: a number, since a NaN read beyond an input and written beyond a result would leave no trace. */
    private static final int NUMBER_GUARD = 0x7E9A17C3;
    /** What results hold before a run; another NaN. */
    private static final int UNWRITTEN = 0x7FC0BEEF;

    private final String what;
    private final Slot slot;
    private final Tensor whole;
    private final int first;
    private final int guard;
    private final Tensor data;
    private final Object content;

    /**
     * @param content values in the order of the slot's layout, null for a result that is to be written
     */
    Canary(Device device, String what, Slot slot, Object content) {
        this.what = what + " '" + slot.name() + "'";
        this.slot = slot;
        int elements = slot.shape().elements();
        first = Math.max(64, device.viewAlignment()) / slot.dtype().bytes();
        int rounded = (elements + first - 1) / first * first;
        whole = device.allocate(slot.dtype(), Shape.of(first + rounded + first));
        guard = slot.role() == Slot.Role.IN ? NAN_GUARD : NUMBER_GUARD;
        Object host = Values.filled(slot.dtype(), first + rounded + first, guard);
        this.content = content == null ? Values.filled(slot.dtype(), elements, UNWRITTEN) : content;
        System.arraycopy(this.content, 0, host, first, elements);
        whole.storage().write(host, 0, Array.getLength(host));
        data = whole.view(first, slot.shape());
    }

    Tensor tensor() {
        return data;
    }

    /** The data after a run, in the slot's layout; fails when a guard or an input changed, or a result was not written. */
    Object check() {
        Object host = Values.filled(slot.dtype(), whole.shape().elements(), 0);
        whole.storage().read(host, 0, Array.getLength(host));
        int elements = slot.shape().elements();
        long pattern = Values.bits(Values.filled(slot.dtype(), 1, guard), 0);
        for (int i = 0; i < Array.getLength(host); i++) {
            boolean inside = i >= first && i < first + elements;
            if (!inside && Values.bits(host, i) != pattern) {
                throw new AssertionError(what + " of " + elements + " elements: written at " + (i - first));
            }
        }
        Object values = slice(host, elements);
        for (int i = 0; i < elements; i++) {
            boolean same = Values.bits(values, i) == Values.bits(content, i);
            if (slot.role() == Slot.Role.IN && !same) {
                throw new AssertionError(what + " is an input and changed at " + i);
            }
            if (slot.role() == Slot.Role.OUT && same) {
                throw new AssertionError(what + " was not written at " + i);
            }
        }
        return values;
    }

    private Object slice(Object host, int elements) {
        Object values = Values.filled(slot.dtype(), elements, 0);
        System.arraycopy(host, first, values, 0, elements);
        return values;
    }

    @Override
    public void close() {
        data.close();
        whole.close();
    }
}
