package dev.clave.op;

/** A float[] or double[] seen as doubles, so that one twin serves both precisions. Writes round once. */
abstract class Reals {
    final int offset;

    Reals(int offset) {
        this.offset = offset;
    }

    abstract double get(int index);

    abstract void set(int index, double value);

    static Reals of(Object array, int offset) {
        return array instanceof float[] floats ? new Floats(floats, offset) : new Doubles((double[]) array, offset);
    }

    static final class Floats extends Reals {
        final float[] values;

        Floats(float[] values, int offset) {
            super(offset);
            this.values = values;
        }

        @Override
        double get(int index) {
            return values[offset + index];
        }

        @Override
        void set(int index, double value) {
            values[offset + index] = (float) value;
        }
    }

    static final class Doubles extends Reals {
        final double[] values;

        Doubles(double[] values, int offset) {
            super(offset);
            this.values = values;
        }

        @Override
        double get(int index) {
            return values[offset + index];
        }

        @Override
        void set(int index, double value) {
            values[offset + index] = value;
        }
    }
}
