package dev.clave.op;

/**
 * An output in row-major order and, for each operand, the stride along each of its axes: how broadcasting, transposition and
 * batched products read. Axes of extent 1 are dropped and axes that lie one inside the other for every operand are merged,
 * so most shapes end with two or three of the six axes the kernels have.
 */
final class StridedIndex {
    /** Axes of the kernels. */
    static final int AXES = 6;

    private final int[] extents = new int[AXES];
    private final int[][] strides;
    private final int elements;

    /**
     * Merges.
     *
     * @param what operator, for messages
     * @param extents of the output, outermost first
     * @param operandStrides one array per operand, as long as extents; 0 repeats the operand along the axis
     * @throws IllegalArgumentException when more than six axes remain
     */
    StridedIndex(String what, int[] extents, int[]... operandStrides) {
        int[] merged = new int[extents.length];
        int[][] kept = new int[operandStrides.length][extents.length];
        int count = 0;
        long product = 1;
        for (int axis = 0; axis < extents.length; axis++) {
            product *= extents[axis];
            if (extents[axis] == 1) {
                continue;
            }
            boolean inside = count > 0;
            for (int o = 0; o < kept.length && inside; o++) {
                inside = kept[o][count - 1] == (long) operandStrides[o][axis] * extents[axis];
            }
            int place = inside ? count - 1 : count++;
            merged[place] = inside ? merged[place] * extents[axis] : extents[axis];
            for (int o = 0; o < kept.length; o++) {
                kept[o][place] = operandStrides[o][axis];
            }
        }
        if (count > AXES) {
            throw new IllegalArgumentException(what + ": the operands need " + count + " axes, there are " + AXES);
        }
        java.util.Arrays.fill(this.extents, 1);
        System.arraycopy(merged, 0, this.extents, AXES - count, count);
        this.strides = new int[kept.length][AXES];
        for (int o = 0; o < kept.length; o++) {
            System.arraycopy(kept[o], 0, strides[o], AXES - count, count);
        }
        this.elements = Math.toIntExact(product);
    }

    /** Row-major strides of extents, times a factor. */
    static int[] dense(int[] extents, int factor) {
        int[] strides = new int[extents.length];
        int step = factor;
        for (int axis = extents.length - 1; axis >= 0; axis--) {
            strides[axis] = step;
            step = Math.multiplyExact(step, Math.max(1, extents[axis]));
        }
        return strides;
    }

    int elements() {
        return elements;
    }

    /** Elements of the output's last axis: within such a row every operand advances by its {@link #step}. */
    int rowLength() {
        return extents[AXES - 1];
    }

    /** Stride of an operand along a row. */
    int step(int operand) {
        return strides[operand][AXES - 1];
    }

    /** Place in an operand of the output element of an index. */
    int at(int operand, int index) {
        int place = 0;
        int rest = index;
        for (int axis = AXES - 1; axis > 0; axis--) {
            place += rest % extents[axis] * strides[operand][axis];
            rest /= extents[axis];
        }
        return place + rest * strides[operand][0];
    }

    /** Adds the arguments e1..e5 and then six strides per operand. */
    Launch arguments(Launch launch) {
        for (int axis = 1; axis < AXES; axis++) {
            launch.ints(extents[axis]);
        }
        for (int[] operand : strides) {
            launch.ints(operand);
        }
        return launch;
    }
}
