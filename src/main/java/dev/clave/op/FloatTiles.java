package dev.clave.op;

/**
 * The inner loops of matrix products in single precision. Every array starts at the loop index and a loop holds few
 * operations: C2 of JDK 17 and 25 then vectorises, and with offsets or larger bodies it does not (measured; three rows
 * times two steps reached two thirds of the FMA peak, an fma in place of product and sum was no faster).
 */
final class FloatTiles {
    /** Steps of the sum done for all rows before the next ones, so that the operand stays in the first-level cache. */
    private static final int DEPTH = 16;

    /** What one thread does, roughly. */
    static final double FLOPS_PER_NANO = 20;

    private FloatTiles() {}

    /**
     * {@code sums[m][j] += sum over p of a[offset + m*rowStep + p*depthStep] * b[p][j]} for m below rows, p below depth
     * and j below width; p ascends.
     */
    static void multiply(
            float[] a,
            int offset,
            int rowStep,
            int depthStep,
            int rows,
            float[][] b,
            int depth,
            float[][] sums,
            int width) {
        for (int begin = 0; begin < depth; begin += DEPTH) {
            int end = Math.min(depth, begin + DEPTH);
            int odd = (end - begin) % 2 == 0 ? 0 : Math.min(3, end - begin);
            int even = end - odd;
            int m = 0;
            for (; m + 3 <= rows; m += 3) {
                int a0 = offset + m * rowStep;
                int a1 = a0 + rowStep;
                int a2 = a1 + rowStep;
                float[] c0 = sums[m];
                float[] c1 = sums[m + 1];
                float[] c2 = sums[m + 2];
                for (int p = begin; p < even; p += 2) {
                    int x = p * depthStep;
                    int y = x + depthStep;
                    tile(
                            c0, c1, c2, b[p], b[p + 1], a[a0 + x], a[a0 + y], a[a1 + x], a[a1 + y], a[a2 + x],
                            a[a2 + y], width);
                }
            }
            for (; m < rows; m++) {
                int a0 = offset + m * rowStep;
                int p = begin;
                for (; p + 4 <= even; p += 4) {
                    int x = a0 + p * depthStep;
                    int y = x + 2 * depthStep;
                    row(
                            sums[m],
                            b[p],
                            b[p + 1],
                            b[p + 2],
                            b[p + 3],
                            a[x],
                            a[x + depthStep],
                            a[y],
                            a[y + depthStep],
                            width);
                }
                if (p < even) {
                    row(sums[m], b[p], b[p + 1], a[a0 + p * depthStep], a[a0 + (p + 1) * depthStep], width);
                }
            }
            if (odd == 1) {
                for (m = 0; m < rows; m++) {
                    last(sums[m], b[even], a[offset + m * rowStep + even * depthStep], width);
                }
            } else if (odd == 3) {
                three(a, offset + even * depthStep, rowStep, depthStep, rows, b, even, sums, width);
            }
        }
    }

    /** Steps p to p + 2 of every row; {@code first} is row 0's factor of step p. */
    private static void three(
            float[] a, int first, int rowStep, int depthStep, int rows, float[][] b, int p, float[][] sums, int width) {
        int m = 0;
        for (; m + 2 <= rows; m += 2) {
            int a0 = first + m * rowStep;
            int a1 = a0 + rowStep;
            pair(
                    sums[m],
                    sums[m + 1],
                    b[p],
                    b[p + 1],
                    b[p + 2],
                    a[a0],
                    a[a0 + depthStep],
                    a[a0 + 2 * depthStep],
                    a[a1],
                    a[a1 + depthStep],
                    a[a1 + 2 * depthStep],
                    width);
        }
        if (m < rows) {
            int a0 = first + m * rowStep;
            row(sums[m], b[p], b[p + 1], a[a0], a[a0 + depthStep], width);
            last(sums[m], b[p + 2], a[a0 + 2 * depthStep], width);
        }
    }

    private static void tile(
            float[] c0,
            float[] c1,
            float[] c2,
            float[] b0,
            float[] b1,
            float a00,
            float a01,
            float a10,
            float a11,
            float a20,
            float a21,
            int width) {
        for (int j = 0; j < width; j++) {
            float x = b0[j];
            float y = b1[j];
            c0[j] = c0[j] + a00 * x + a01 * y;
            c1[j] = c1[j] + a10 * x + a11 * y;
            c2[j] = c2[j] + a20 * x + a21 * y;
        }
    }

    private static void pair(
            float[] c0,
            float[] c1,
            float[] b0,
            float[] b1,
            float[] b2,
            float a00,
            float a01,
            float a02,
            float a10,
            float a11,
            float a12,
            int width) {
        for (int j = 0; j < width; j++) {
            float x = b0[j];
            float y = b1[j];
            float z = b2[j];
            c0[j] = c0[j] + a00 * x + a01 * y + a02 * z;
            c1[j] = c1[j] + a10 * x + a11 * y + a12 * z;
        }
    }

    private static void row(
            float[] c,
            float[] b0,
            float[] b1,
            float[] b2,
            float[] b3,
            float a0,
            float a1,
            float a2,
            float a3,
            int width) {
        for (int j = 0; j < width; j++) {
            c[j] = c[j] + a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j];
        }
    }

    private static void row(float[] c, float[] b0, float[] b1, float a0, float a1, int width) {
        for (int j = 0; j < width; j++) {
            c[j] = c[j] + a0 * b0[j] + a1 * b1[j];
        }
    }

    private static void last(float[] c, float[] b, float a, int width) {
        for (int j = 0; j < width; j++) {
            c[j] += a * b[j];
        }
    }

    /** {@code sums[j] += a[j] * b[j]} for j below width. */
    static void multiplyEach(float[] sums, float[] a, float[] b, int width) {
        for (int j = 0; j < width; j++) {
            sums[j] += a[j] * b[j];
        }
    }

    /** The same for three sums. */
    static void multiplyEach(
            float[] sums0, float[] sums1, float[] sums2, float[] a, float[] b0, float[] b1, float[] b2, int width) {
        for (int j = 0; j < width; j++) {
            float x = a[j];
            sums0[j] += x * b0[j];
            sums1[j] += x * b1[j];
            sums2[j] += x * b2[j];
        }
    }

    /** Sum in double over four running sums, so that an addition need not wait for the one before. */
    static double sum(float[] values, int first, int count) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            a += values[first + i];
            b += values[first + i + 1];
            c += values[first + i + 2];
            d += values[first + i + 3];
        }
        for (; i < count; i++) {
            a += values[first + i];
        }
        return (a + b) + (c + d);
    }

    /** How many parts of at most {@code most} a length is cut into. */
    static int parts(int length, int most) {
        return (length + most - 1) / most;
    }

    /** Where part i of {@code parts} equal parts of a length begins. */
    static int begin(int length, int parts, int i) {
        return (int) ((long) length * i / parts);
    }
}
