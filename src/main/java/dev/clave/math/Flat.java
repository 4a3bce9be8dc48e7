package dev.clave.math;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.RealMatrix;

/** Matrices as one array, row after row. */
final class Flat {
    private Flat() {}

    static double[] of(RealMatrix matrix) {
        int columns = matrix.getColumnDimension();
        double[][] rows = matrix instanceof Array2DRowRealMatrix plain ? plain.getDataRef() : matrix.getData();
        double[] flat = new double[Math.multiplyExact(rows.length, columns)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * columns, columns);
        }
        return flat;
    }

    static double[][] rows(double[] flat, int columns) {
        double[][] rows = new double[flat.length / columns][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = java.util.Arrays.copyOfRange(flat, i * columns, (i + 1) * columns);
        }
        return rows;
    }
}
