package dev.clave.internal.cpu;

import java.util.Arrays;

/**
 * Scratch memory of one task: rows, each an array of its own because C2 vectorises loops whose arrays all start at the
 * loop index and gives up on two different offsets (measured on JDK 17 and 25).
 */
public final class Workspace {
    /** Elements of a row. */
    public static final int WIDTH = 384;

    private static final float[][] NONE = {};

    private float[][] operands = NONE;
    private float[][] sums = NONE;
    private float[] coefficients = {};
    private float[] moved = {};

    Workspace() {}

    /** At least that many rows for an operand, with any values. */
    public float[][] operands(int count) {
        operands = grown(operands, count);
        return operands;
    }

    /** At least that many rows for sums, with any values. */
    public float[][] sums(int count) {
        sums = grown(sums, count);
        return sums;
    }

    /** At least that many elements, with any values. */
    public float[] coefficients(int count) {
        if (coefficients.length < count) {
            coefficients = new float[count];
        }
        return coefficients;
    }

    /** The same, another array: a row moved to where the one beside it begins. */
    public float[] moved(int count) {
        if (moved.length < count) {
            moved = new float[count];
        }
        return moved;
    }

    private static float[][] grown(float[][] rows, int count) {
        if (rows.length >= count) {
            return rows;
        }
        float[][] more = Arrays.copyOf(rows, count);
        for (int i = rows.length; i < count; i++) {
            more[i] = new float[WIDTH];
        }
        return more;
    }
}
