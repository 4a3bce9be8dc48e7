package dev.clave.op;

import dev.clave.DType;
import dev.clave.Event;
import dev.clave.Tensor;
import dev.clave.internal.Storage;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.ClStorage;
import dev.clave.internal.opencl.Waits;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A launch with what is bound to it and its kernel object, once it has one; which arguments are scalars is looked up once.
 */
final class Enqueued {
    private final Supplier<ClKernel> kernels;
    private final Launch launch;
    private final boolean wide;
    /** Scalar of each argument that is one, else -1. */
    private final int[] scalarOf;

    private final boolean[] whole;
    private final boolean[] written;
    private final @Nullable Storage[] storages;
    private final double[] values;
    private int bindings;
    private @Nullable ClKernel kernel;

    /**
     * Prepares.
     *
     * @param kernels makes the kernel, when this runs for the first time by itself
     */
    Enqueued(
            Launch launch, Problem problem, Supplier<ClKernel> kernels, Function<Launch.Workspace, Tensor> workspaces) {
        this.kernels = kernels;
        this.launch = launch;
        this.wide = problem.format().real() == DType.F64;
        int count = launch.arguments.size();
        this.scalarOf = new int[count];
        this.whole = new boolean[count];
        this.written = new boolean[count];
        this.storages = new Storage[count];
        this.values = new double[count];
        for (int i = 0; i < count; i++) {
            Launch.Argument argument = launch.arguments.get(i);
            scalarOf[i] = -1;
            if (argument instanceof Launch.Int fixed) {
                whole[i] = true;
                values[i] = fixed.value();
            } else if (argument instanceof Launch.Real fixed) {
                values[i] = fixed.value();
            } else if (argument instanceof Launch.Workspace memory) {
                storages[i] = workspaces.apply(memory).storage();
                written[i] = true;
            } else if (argument instanceof Launch.Buffer buffer) {
                written[i] = !problem.has(buffer.slot())
                        || problem.slot(buffer.slot()).role() != Slot.Role.IN;
            } else if (argument instanceof Launch.Late late) {
                scalarOf[i] = problem.scalars().indexOf(late.scalar());
                whole[i] = late.whole();
            }
        }
    }

    /** The kernel with everything that is bound and set so far; it is built now if it was not before. */
    ClKernel kernel() {
        ClKernel known = kernel;
        if (known == null) {
            known = kernels.get();
            kernel = known;
            for (int i = 0; i < scalarOf.length; i++) {
                if (storages[i] != null) {
                    known.setBuffer(i, storages[i]);
                } else if (isFixed(i) || isScalar(i)) {
                    copy(i, known, i);
                }
            }
        }
        return known;
    }

    void close() {
        if (kernel != null) {
            kernel.close();
        }
    }

    Launch launch() {
        return launch;
    }

    /** Arguments of the kernel. */
    int arguments() {
        return scalarOf.length;
    }

    /** Changes whenever some memory is bound. */
    int bindings() {
        return bindings;
    }

    /** What is bound to an argument; null for a number. */
    @Nullable
    Storage storage(int argument) {
        return storages[argument];
    }

    /** Whether an argument is a scalar that is set before a run. */
    boolean isScalar(int argument) {
        return scalarOf[argument] >= 0;
    }

    /** Whether what this computes depends on whether it runs before or after another launch. */
    boolean conflicts(Enqueued other) {
        for (int i = 0; i < storages.length; i++) {
            for (int j = 0; j < other.storages.length; j++) {
                Storage mine = storages[i];
                Storage theirs = other.storages[j];
                if (mine != null
                        && theirs != null
                        && (written[i] || other.written[j])
                        && ClStorage.mayOverlap(mine, theirs)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether an argument is a number that never changes. */
    boolean isFixed(int argument) {
        Launch.Argument passed = launch.arguments.get(argument);
        return passed instanceof Launch.Int || passed instanceof Launch.Real;
    }

    /** OpenCL's type of a scalar. */
    String scalarType(int argument) {
        return whole[argument] ? "int" : wide ? "double" : "float";
    }

    /** A number that is fixed for the problem, exactly, in OpenCL C. */
    String literal(int argument) {
        double value = values[argument];
        if (whole[argument]) {
            return String.valueOf((int) value);
        }
        return wide
                ? Double.toHexString(value)
                : Float.toHexString((float) value).toLowerCase(Locale.ROOT) + "f";
    }

    /** Sets an argument of another kernel to a scalar of this. */
    void copy(int argument, ClKernel to, int index) {
        if (whole[argument]) {
            to.setInt(index, (int) (long) values[argument]);
        } else {
            to.setReal(index, values[argument], wide);
        }
    }

    private void bind(int argument, Storage storage) {
        if (kernel != null) {
            kernel.setBuffer(argument, storage);
        }
        storages[argument] = storage;
        bindings++;
    }

    void bind(String slot, Storage storage) {
        for (int i = 0; i < scalarOf.length; i++) {
            if (launch.arguments.get(i) instanceof Launch.Buffer buffer
                    && buffer.slot().equals(slot)) {
                bind(i, storage);
            }
        }
    }

    void set(int scalar, double value) {
        for (int i = 0; i < scalarOf.length; i++) {
            if (scalarOf[i] == scalar) {
                values[i] = value;
                if (kernel != null) {
                    copy(i, kernel, i);
                }
            }
        }
    }

    void enqueue() {
        kernel().enqueue(launch.global, launch.local);
    }

    void enqueue(Waits after) {
        kernel().enqueue(launch.global, launch.local, after);
    }

    Event signal(Waits after) {
        return kernel().signal(launch.global, launch.local, after);
    }
}
