package dev.clave.math;

import dev.clave.math.DeviceProduct.Block;
import org.apache.commons.math3.exception.DimensionMismatchException;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.DecompositionSolver;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.linear.SingularMatrixException;

/**
 * P A = L U with partial pivoting, by halves (Toledo, "Locality of reference in LU decomposition with partial pivoting",
 * 1997): the left half of the columns is decomposed, its row swaps are applied to the right half, the upper part of that is
 * solved for, the rest updated by one large product, and decomposed in turn. Nearly all work is in these products, which run on
 * the device; each number crosses to it about log2(N / 16) times. The panels of 16 columns stay on the host.
 */
final class DeviceLu implements DecompositionSolver {
    /** As commons-math3's LUDecomposition. */
    private static final double TOO_SMALL = 1e-11;

    private static final int PANEL = 16;
    /** Sizes are cut at its multiples: then few shapes occur, and most register tiles are whole. */
    private static final int CUT = 48;

    private final DeviceProduct product;
    private final int n;
    /** L below the diagonal, whose own is 1, and U. */
    private final double[] lu;

    private final Block all;
    /** Row i of L U is row pivots[i] of the matrix. */
    private final int[] pivots;

    private final boolean singular;

    /** Takes the array over. */
    DeviceLu(DeviceProduct product, double[] matrix, int n) {
        this.product = product;
        this.n = n;
        this.lu = matrix;
        this.all = new Block(matrix, n, 0, 0, n, n);
        this.pivots = new int[n];
        for (int i = 0; i < n; i++) {
            pivots[i] = i;
        }
        this.singular = !decompose(0, n);
    }

    /** Decomposes columns {@code begin} to {@code end}, rows from {@code begin} on; false when a pivot is too small. */
    private boolean decompose(int begin, int end) {
        int columns = end - begin;
        if (columns <= PANEL) {
            return panel(begin, end);
        }
        int middle = begin + half(columns);
        if (!decompose(begin, middle)) {
            return false;
        }
        // The swaps of the left half were applied to whole rows.
        int left = middle - begin;
        int right = end - middle;
        Block upper = all.part(begin, middle, left, right);
        solveLower(all.part(begin, begin, left, left), upper);
        product.subtract(all.part(middle, middle, n - middle, right), all.part(middle, begin, n - middle, left), upper);
        return decompose(middle, end);
    }

    /** About half, at a multiple of {@link #CUT} where that is large enough, else of {@link #PANEL}. */
    private static int half(int size) {
        int unit = size >= 3 * CUT ? CUT : PANEL;
        return Math.max(unit, (size / 2 + unit / 2) / unit * unit);
    }

    private boolean panel(int begin, int end) {
        for (int column = begin; column < end; column++) {
            int best = column;
            for (int i = column + 1; i < n; i++) {
                if (Math.abs(lu[i * n + column]) > Math.abs(lu[best * n + column])) {
                    best = i;
                }
            }
            if (Math.abs(lu[best * n + column]) < TOO_SMALL) {
                return false;
            }
            swap(column, best);
            double pivot = lu[column * n + column];
            for (int i = column + 1; i < n; i++) {
                double factor = lu[i * n + column] / pivot;
                lu[i * n + column] = factor;
                DeviceProduct.axpy(lu, i * n + column + 1, lu, column * n + column + 1, factor, end - column - 1);
            }
        }
        return true;
    }

    private void swap(int a, int b) {
        if (a == b) {
            return;
        }
        for (int j = 0; j < n; j++) {
            double held = lu[a * n + j];
            lu[a * n + j] = lu[b * n + j];
            lu[b * n + j] = held;
        }
        int held = pivots[a];
        pivots[a] = pivots[b];
        pivots[b] = held;
    }

    /** {@code b = L^-1 b} for the lower triangle of a block, its diagonal taken as 1. */
    private void solveLower(Block lower, Block b) {
        int size = lower.rows();
        if (size <= PANEL) {
            for (int i = 1; i < size; i++) {
                for (int p = 0; p < i; p++) {
                    DeviceProduct.axpy(
                            b.values(), b.at(i), b.values(), b.at(p), lower.values()[lower.at(i) + p], b.columns());
                }
            }
            return;
        }
        int middle = half(size);
        int rest = size - middle;
        Block top = b.part(0, 0, middle, b.columns());
        Block bottom = b.part(middle, 0, rest, b.columns());
        solveLower(lower.part(0, 0, middle, middle), top);
        product.subtract(bottom, lower.part(middle, 0, rest, middle), top);
        solveLower(lower.part(middle, middle, rest, rest), bottom);
    }

    /** {@code b = U^-1 b} for the upper triangle of a block. */
    private void solveUpper(Block upper, Block b) {
        int size = upper.rows();
        if (size <= PANEL) {
            for (int i = size - 1; i >= 0; i--) {
                for (int p = i + 1; p < size; p++) {
                    DeviceProduct.axpy(
                            b.values(), b.at(i), b.values(), b.at(p), upper.values()[upper.at(i) + p], b.columns());
                }
                double diagonal = upper.values()[upper.at(i) + i];
                for (int j = 0; j < b.columns(); j++) {
                    b.values()[b.at(i) + j] /= diagonal;
                }
            }
            return;
        }
        int middle = half(size);
        int rest = size - middle;
        Block top = b.part(0, 0, middle, b.columns());
        Block bottom = b.part(middle, 0, rest, b.columns());
        solveUpper(upper.part(middle, middle, rest, rest), bottom);
        product.subtract(top, upper.part(0, middle, middle, rest), bottom);
        solveUpper(upper.part(0, 0, middle, middle), top);
    }

    /** Solves for the columns of b, row-major; takes no array over. */
    private double[] solve(double[] b, int columns) {
        if (singular) {
            throw new SingularMatrixException();
        }
        double[] x = new double[b.length];
        for (int i = 0; i < n; i++) {
            System.arraycopy(b, pivots[i] * columns, x, i * columns, columns);
        }
        Block block = new Block(x, columns, 0, 0, n, columns);
        solveLower(all, block);
        solveUpper(all, block);
        return x;
    }

    private void expect(int rows) {
        if (rows != n) {
            throw new DimensionMismatchException(rows, n);
        }
    }

    @Override
    public RealVector solve(RealVector b) {
        expect(b.getDimension());
        return new ArrayRealVector(solve(b.toArray(), 1), false);
    }

    @Override
    public RealMatrix solve(RealMatrix b) {
        expect(b.getRowDimension());
        int columns = b.getColumnDimension();
        return new Array2DRowRealMatrix(Flat.rows(solve(Flat.of(b), columns), columns), false);
    }

    @Override
    public boolean isNonSingular() {
        return !singular;
    }

    @Override
    public RealMatrix getInverse() {
        return solve(MatrixUtils.createRealIdentityMatrix(n));
    }
}
