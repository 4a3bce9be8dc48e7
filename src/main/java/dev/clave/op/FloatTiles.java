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
     * and j below width; p ascends in pairs.
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
            int m = 0;
            for (; m + 3 <= rows; m += 3) {
                int a0 = offset + m * rowStep;
                int a1 = a0 + rowStep;
                int a2 = a1 + rowStep;
                float[] c0 = sums[m];
                float[] c1 = sums[m + 1];
                float[] c2 = sums[m + 2];
                for (int p = begin; p + 2 <= end; p += 2) {
                    int x = p * depthStep;
                    int y = x + depthStep;
                    tile(
                            c0, c1, c2, b[p], b[p + 1], a[a0 + x], a[a0 + y], a[a1 + x], a[a1 + y], a[a2 + x],
                            a[a2 + y], width);
                }
            }
            for (; m < rows; m++) {
                int a0 = offset + m * rowStep;
                for (int p = begin; p + 2 <= end; p += 2) {
                    row(sums[m], b[p], b[p + 1], a[a0 + p * depthStep], a[a0 + (p + 1) * depthStep], width);
                }
            }
            if ((end - begin) % 2 == 1) {
                for (m = 0; m < rows; m++) {
                    last(sums[m], b[end - 1], a[offset + m * rowStep + (end - 1) * depthStep], width);
                }
            }
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

    /** Sum of products over eight running sums, so that an addition need not wait for the one before. */
    static float dot(float[] a, int aFirst, float[] b, int bFirst, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i + 8 <= count; i += 8) {
            s0 += a[aFirst + i] * b[bFirst + i];
            s1 += a[aFirst + i + 1] * b[bFirst + i + 1];
            s2 += a[aFirst + i + 2] * b[bFirst + i + 2];
            s3 += a[aFirst + i + 3] * b[bFirst + i + 3];
            s4 += a[aFirst + i + 4] * b[bFirst + i + 4];
            s5 += a[aFirst + i + 5] * b[bFirst + i + 5];
            s6 += a[aFirst + i + 6] * b[bFirst + i + 6];
            s7 += a[aFirst + i + 7] * b[bFirst + i + 7];
        }
        for (; i < count; i++) {
            s0 += a[aFirst + i] * b[bFirst + i];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
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
