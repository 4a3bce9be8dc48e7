package dev.clave.op;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One kernel launch of an OpenCL candidate: file, kernel, macros, arguments in order, and the index space. */
final class Launch {
    /** A kernel argument. */
    sealed interface Argument permits Buffer, Workspace, Int, Real, Late {}

    /** The tensor of a slot. */
    record Buffer(String slot) implements Argument {}

    /** Memory for the launches of one invocation, single precision, the same for all that name it; undefined before a run. */
    record Workspace(String name, long elements) implements Argument {}

    /** A size that is fixed for the problem. */
    record Int(int value) implements Argument {}

    /** A number that is fixed for the problem, passed as REAL. */
    record Real(double value) implements Argument {}

    /** A scalar of the problem, set before a run; whole numbers are ints, others REAL. */
    record Late(String scalar, boolean whole) implements Argument {}

    final String file;
    final String kernel;
    final Map<String, String> defines = new LinkedHashMap<>();
    final List<Argument> arguments = new ArrayList<>();
    long[] global = {1};
    long[] local = {1};

    Launch(String file, String kernel) {
        this.file = file;
        this.kernel = kernel;
    }

    Launch define(String name, Object value) {
        defines.put(name, String.valueOf(value));
        return this;
    }

    /** Which of several functions; kernels count them as their enum does. */
    @SuppressWarnings("EnumOrdinal")
    Launch choice(String macro, @Nullable Enum<?> one) {
        return define(macro, one == null ? "(-1)" : one.ordinal());
    }

    Launch window(Window window) {
        return define("KH", window.kh())
                .define("KW", window.kw())
                .define("STRIDE_H", window.strideH())
                .define("STRIDE_W", window.strideW())
                .define("PAD_TOP", window.padTop())
                .define("PAD_LEFT", window.padLeft())
                .define("DILATION_H", window.dilationH())
                .define("DILATION_W", window.dilationW());
    }

    Launch buffers(String... slots) {
        for (String slot : slots) {
            arguments.add(new Buffer(slot));
        }
        return this;
    }

    Launch workspace(String name, long elements) {
        arguments.add(new Workspace(name, elements));
        return this;
    }

    Launch ints(int... values) {
        for (int value : values) {
            arguments.add(new Int(value));
        }
        return this;
    }

    Launch real(double value) {
        arguments.add(new Real(value));
        return this;
    }

    Launch late(String scalar, boolean whole) {
        arguments.add(new Late(scalar, whole));
        return this;
    }

    /** One work-item per element in groups of 64; the kernel guards the tail. */
    Launch elements(long count) {
        global = new long[] {Math.max(1, (count + 63) / 64) * 64};
        local = new long[] {64};
        return this;
    }

    /** For a GPU: a work-item alone in its group would leave most of a processor idle; every kernel guards its index. */
    void spread() {
        if (local.length == 1 && local[0] == 1) {
            elements(global[0]);
        }
    }

    /**
     * Takes groups no larger than is allowed. Without barriers the size of a group is a matter of speed and shrinks, to a power
     * of two that divides the global size; with them the kernel counts on it.
     *
     * @param most work-items of a group that the device and this kernel allow
     * @throws RefusedException when the group may not shrink
     */
    void fit(long most, boolean barriers) {
        long wanted = 1;
        for (long extent : local) {
            wanted *= extent;
        }
        if (wanted <= most) {
            return;
        }
        if (barriers || local.length > 1) {
            throw new RefusedException("kernel " + kernel + " needs work-groups of " + wanted
                    + " work-items, this device runs it with at most " + most);
        }
        long size = Long.highestOneBit(Math.max(1, most));
        while (global[0] % size != 0) {
            size /= 2;
        }
        local = new long[] {size};
    }

    /** Work-groups of a fixed size, whose kernels synchronise. */
    Launch groups(long count, int size) {
        global = new long[] {Math.max(1, count) * size};
        local = new long[] {size};
        return this;
    }

    /** One work-item per work-group: the form a CPU device likes for register tiles. */
    Launch tiles(long count) {
        global = new long[] {Math.max(1, count)};
        local = new long[] {1};
        return this;
    }
}
