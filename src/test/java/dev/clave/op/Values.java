package dev.clave.op;

import dev.clave.DType;
import java.util.Arrays;

/** Host arrays of the tests. */
final class Values {
    private Values() {}

    static double[] doubles(Object host) {
        if (host instanceof double[] values) {
            return values;
        }
        if (host instanceof int[] values) {
            return Arrays.stream(values).asDoubleStream().toArray();
        }
        float[] values = (float[]) host;
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    static float[] floats(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }

    /** An array of the type with every element the given bits; a double repeats them. */
    static Object filled(DType dtype, int count, int bits) {
        switch (dtype) {
            case F32 -> {
                float[] values = new float[count];
                Arrays.fill(values, Float.intBitsToFloat(bits));
                return values;
            }
            case F64 -> {
                double[] values = new double[count];
                Arrays.fill(values, Double.longBitsToDouble((long) bits << 32 | (bits & 0xFFFFFFFFL)));
                return values;
            }
            case I32 -> {
                int[] values = new int[count];
                Arrays.fill(values, bits);
                return values;
            }
            default -> {
                byte[] values = new byte[count];
                Arrays.fill(values, (byte) bits);
                return values;
            }
        }
    }

    /** The bits of an element, whatever the type. */
    static long bits(Object array, int index) {
        if (array instanceof float[] values) {
            return Float.floatToRawIntBits(values[index]);
        }
        if (array instanceof double[] values) {
            return Double.doubleToRawLongBits(values[index]);
        }
        return array instanceof int[] values ? values[index] : ((byte[]) array)[index];
    }
}
