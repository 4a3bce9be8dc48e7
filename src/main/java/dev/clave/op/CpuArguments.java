package dev.clave.op;

import dev.clave.Tensor;
import dev.clave.internal.cpu.CpuDevice;
import dev.clave.internal.cpu.CpuStorage;
import java.util.Map;

/** Tensors and scalars of one run on the CPU. */
final class CpuArguments {
    private final Map<String, Tensor> tensors;
    private final Map<String, Double> scalars;

    CpuArguments(Map<String, Tensor> tensors, Map<String, Double> scalars) {
        this.tensors = tensors;
        this.scalars = scalars;
    }

    Tensor tensor(String slot) {
        Tensor tensor = tensors.get(slot);
        if (tensor == null) {
            throw new IllegalStateException("tensor '" + slot + "' is not bound");
        }
        return tensor;
    }

    private CpuStorage storage(String slot) {
        return (CpuStorage) tensor(slot).storage();
    }

    Reals reals(String slot) {
        CpuStorage storage = storage(slot);
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

    /** The device the tensors live on. */
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
        Double value = scalars.get(name);
        if (value == null) {
            throw new IllegalStateException("scalar '" + name + "' is not set");
        }
        return value;
    }
}
