package dev.clave.math;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Format;
import dev.clave.op.Gemm;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;

/** Products in double precision on a device, with the CPU in pure Java for devices without it. */
final class DeviceProduct implements AutoCloseable {
    private static final Format WIDE = new Format(DType.F64, 1);
    /** Multiply-adds up to which an update is done on the host: what it takes to move the numbers. */
    private static final double HOST = 1 << 18;
    /** Rows and columns of an update are filled up to these: few register tiles occur then, each a program to compile. */
    private static final int ROWS = 24;

    private static final int COLUMNS = 48;

    private final Device device;
    private final boolean own;

    DeviceProduct(Device device) {
        this.own = !device.info().fp64();
        this.device = own ? Device.cpu() : device;
    }

    /** a [m, k] times b [k, n], dense. */
    double[] multiply(double[] a, double[] b, int m, int n, int k) {
        Gemm gemm = new Gemm(m, n, k);
        try (Tensor first = device.allocate(DType.F64, Shape.of(m, k)).write(a);
                Tensor second = device.allocate(DType.F64, Shape.of(k, n)).write(b);
                Tensor result = device.allocate(DType.F64, Shape.of(m, n));
                Invocation product = Operators.prepare(device, gemm.problem("forward", WIDE))) {
            product.bind("a", first).bind("b", second).bind("c", result).run();
            return result.readDoubles();
        }
    }

    /** A block of a matrix that lies in an array in rows of {@code stride}. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Block(double[] values, int stride, int row, int column, int rows, int columns) {
        int at(int i) {
            return (row + i) * stride + column;
        }

        Block part(int firstRow, int firstColumn, int rowCount, int columnCount) {
            return new Block(values, stride, row + firstRow, column + firstColumn, rowCount, columnCount);
        }

        /** A copy in rows of {@code width}, with zeros to the right and below. */
        private double[] filled(int height, int width) {
            double[] filled = new double[height * width];
            for (int i = 0; i < rows; i++) {
                System.arraycopy(values, at(i), filled, i * width, columns);
            }
            return filled;
        }
    }

    /** {@code c -= a b}. */
    void subtract(Block c, Block a, Block b) {
        if (c.rows == 0 || c.columns == 0 || a.columns == 0) {
            return;
        }
        if ((double) c.rows * c.columns * a.columns < HOST || c.rows < ROWS / 2 || c.columns < COLUMNS / 2) {
            subtractHere(c, a, b);
            return;
        }
        int k = a.columns;
        int rows = up(c.rows, ROWS);
        int columns = up(c.columns, COLUMNS);
        double[] product = multiply(a.filled(rows, k), b.filled(k, columns), rows, columns, k);
        for (int i = 0; i < c.rows; i++) {
            int to = c.at(i);
            int from = i * columns;
            for (int j = 0; j < c.columns; j++) {
                c.values[to + j] -= product[from + j];
            }
        }
    }

    private static int up(int count, int unit) {
        return (count + unit - 1) / unit * unit;
    }

    private static void subtractHere(Block c, Block a, Block b) {
        if (c.columns == 1) {
            for (int i = 0; i < c.rows; i++) {
                double sum = 0;
                for (int p = 0; p < a.columns; p++) {
                    sum += a.values[a.at(i) + p] * b.values[b.at(p)];
                }
                c.values[c.at(i)] -= sum;
            }
            return;
        }
        for (int i = 0; i < c.rows; i++) {
            for (int p = 0; p < a.columns; p++) {
                axpy(c.values, c.at(i), b.values, b.at(p), a.values[a.at(i) + p], c.columns);
            }
        }
    }

    /** {@code y -= factor * x}; the arrays may be the same, the ranges not. */
    static void axpy(double[] y, int to, double[] x, int from, double factor, int count) {
        for (int j = 0; j < count; j++) {
            y[to + j] -= factor * x[from + j];
        }
    }

    @Override
    public void close() {
        if (own) {
            device.close();
        }
    }
}
