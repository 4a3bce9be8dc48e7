package dev.clave.op;

import dev.clave.Tensor;
import dev.clave.internal.HostArray;
import dev.clave.internal.cpu.CpuDevice;
import dev.clave.internal.cpu.CpuStorage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tensors and scalars of one run on the CPU. */
final class CpuArguments {
    private final Map<String, Tensor> tensors;
    private final List<String> names;
    private final double[] scalars;
    private final Kept kept = new Kept();

    /** The numbers are read when they are asked for. */
    CpuArguments(List<String> names, double[] scalars) {
        this.tensors = new HashMap<>();
        this.names = names;
        this.scalars = scalars;
    }

    /** Of an operator without scalars. */
    CpuArguments(Map<String, Tensor> tensors) {
        this.tensors = tensors;
        this.names = List.of();
        this.scalars = new double[0];
    }

    void bind(String slot, Tensor tensor) {
        tensors.put(slot, tensor);
    }

    Tensor tensor(String slot) {
        Tensor tensor = tensors.get(slot);
        if (tensor == null) {
            throw new IllegalStateException("tensor '" + slot + "' is not bound");
        }
        return tensor;
    }

    private HostArray storage(String slot) {
        return (HostArray) tensor(slot).storage();
    }

    Reals reals(String slot) {
        HostArray storage = storage(slot);
        return Reals.of(storage.array(), storage.offset());
    }

    /** The array behind a single-precision tensor; its first element is at {@link #offset}. */
    float[] floats(String slot) {
        return (float[]) storage(slot).array();
    }

    /** The same with its offset, for those who keep both. */
    Reals.Floats view(String slot) {
        return new Reals.Floats(floats(slot), offset(slot));
    }

    /**
     * Rows derived from a tensor, kept from run to run until the tensor is written; none in the first runs after that,
     * since deriving has to pay. One slot of an operator may have such rows. For fast paths.
     */
    float[][] kept(String slot, Supplier<float[][]> derive) {
        return kept.rows((CpuStorage) tensor(slot).storage(), derive);
    }

    private static final class Kept {
        private static final int RUNS = 3;
        private static final float[][] NONE = {};

        private @Nullable CpuStorage storage;
        private long writes;
        private int runs;
        private float[][] rows = NONE;

        float[][] rows(CpuStorage read, Supplier<float[][]> derive) {
            long now = read.writes();
            if (read != storage || now != writes) {
                storage = read;
                writes = now;
                runs = 0;
                rows = NONE;
            }
            if (runs < RUNS) {
                runs++;
            } else if (rows == NONE) {
                rows = derive.get();
            }
            return rows;
        }
    }

    /** Says that the tensors of these slots were written. */
    void written(List<Slot> slots) {
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            if (slot.role() != Slot.Role.IN && tensor(slot.name()).storage() instanceof CpuStorage storage) {
                storage.written();
            }
        }
    }

    /** The device the tensors live on, for fast paths, which run on the CPU device only. */
    CpuDevice device() {
        return (CpuDevice) tensors.values().iterator().next().device();
    }

    boolean has(String slot) {
        return tensors.containsKey(slot);
    }

    int[] ints(String slot) {
        return (int[]) storage(slot).array();
    }

    byte[] bytes(String slot) {
        return (byte[]) storage(slot).array();
    }

    int offset(String slot) {
        return storage(slot).offset();
    }

    double scalar(String name) {
        int index = names.indexOf(name);
        if (index < 0) {
            throw new IllegalStateException("there is no scalar '" + name + "', there are " + names);
        }
        return scalars[index];
    }
}
