package dev.clave.op;

import dev.clave.internal.cpu.Workspace;

/**
 * Functions of many numbers in single precision, without branches and in loops as short as those of {@link FloatTiles}, so that
 * C2 vectorises them.
 */
final class FloatFunctions {
    /** Added and taken away again, it rounds what is smaller than 2^22 to a whole number. */
    private static final float WHOLE = 0x1.8p23f;

    private static final float LOG2_E = 1.442695f;
    /** The logarithm of 2 in two parts; multiples up to 159 of the first are exact. */
    private static final float LN2 = 355 / 512f;

    private static final float LN2_REST = -2.1219444e-4f;

    private FloatFunctions() {}

    /** The rational function of kernels/conv2d_pool2d.cl, at most 4.7 ULP off. */
    static float tanh(float x) {
        float c = Math.max(-9.02f, Math.min(9.02f, x));
        float u = c * c;
        float p = u * 1.3319051e-8f + 2.0583466e-5f;
        p = p * u + 0.0034940336f;
        p = p * u + 0.13379717f;
        p = p * u + 1;
        float q = u * 7.7620103e-7f + 3.283091e-4f;
        q = q * u + 0.02587107f;
        q = q * u + 0.46713033f;
        q = q * u + 1;
        return Math.max(-1f, Math.min(1f, c * p / q));
    }

    /** {@code values[i]} becomes its hyperbolic tangent, for i below count. */
    static void tanh(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = tanh(values[i]);
        }
    }

    /**
     * {@code values[i]} becomes 1 / (1 + exp(-x)), for i below count, at most {@link Workspace#WIDTH}: e / (1 + e) of e =
     * exp(-|x|) = 2^-n exp(r), at most 5.7 ULP off.
     */
    static void sigmoid(Workspace workspace, float[] values, int count) {
        float[][] rows = workspace.operands(2);
        float[] n = rows[0];
        float[] e = rows[1];
        for (int i = 0; i < count; i++) {
            float size = Math.min(Math.abs(values[i]), 110);
            float whole = (size * LOG2_E + WHOLE) - WHOLE;
            n[i] = whole;
            e[i] = (whole * LN2 - size) + whole * LN2_REST;
        }
        exp(e, count);
        // 2^-n digit by digit; C2 has no vectors for making a float from its bits.
        for (int digit = 7; digit > 0; digit -= 2) {
            halve(n, e, count, digit);
        }
        for (int i = 0; i < count; i++) {
            // 1 for the positive.
            float sign = Math.max(0, Math.min(1, values[i] * 1e38f));
            values[i] = (e[i] + sign * (1 - e[i])) / (1 + e[i]);
        }
    }

    /** exp(r) for |r| up to half the logarithm of 2; the polynomial of Cephes' expf. */
    private static void exp(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            float r = values[i];
            float p = r * 1.9875691e-4f + 0.0013981999f;
            p = p * r + 0.008333452f;
            p = p * r + 0.041665796f;
            p = p * r + 0.16666666f;
            p = p * r + 0.5f;
            values[i] = p * (r * r) + r + 1;
        }
    }

    /** Takes two binary digits off n, that of 2^digit and the next, and multiplies e by 2 to minus each. */
    private static void halve(float[] n, float[] e, int count, int digit) {
        float high = 1 << digit;
        float low = high / 2;
        float perHigh = 1 / high;
        float perLow = 1 / low;
        float first = Math.scalb(1f, -(1 << digit));
        float second = Math.scalb(1f, -(1 << (digit - 1)));
        for (int i = 0; i < count; i++) {
            float a = (n[i] * perHigh - 0.49f + WHOLE) - WHOLE;
            float rest = n[i] - a * high;
            float b = (rest * perLow - 0.49f + WHOLE) - WHOLE;
            n[i] = rest - b * low;
            e[i] = e[i] * (a * first + (1 - a)) * (b * second + (1 - b));
        }
    }
}
