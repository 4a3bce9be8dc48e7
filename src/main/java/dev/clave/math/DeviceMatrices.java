package dev.clave.math;

import dev.clave.Device;
import org.apache.commons.math3.exception.DimensionMismatchException;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.DecompositionSolver;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.NonSquareMatrixException;
import org.apache.commons.math3.linear.RealMatrix;

/**
 * Products and solves of commons-math3's matrices, in double precision. Large ones run on the device (on the CPU in pure
 * Java when the device has no double precision), small ones in commons-math3's own code: moving the numbers would cost more
 * than the work. Where the line lies was measured, see bench/RESULTS.md; {@link #thresholds} moves it.
 *
 * <pre>{@code
 * try (Device device = Device.open("auto"); DeviceMatrices matrices = DeviceMatrices.on(device)) {
 *     RealMatrix c = matrices.product(a, b);
 *     RealVector x = matrices.lu(c).solve(y);
 * }
 * }</pre>
 *
 * <p>Results differ from commons-math3's in the order of sums only: a product within (K + 3) u |A||B|, a solve within the
 * residual bounds of Gaussian elimination with partial pivoting. Used by one thread at a time; several may share a device.
 * Close it before the device.
 */
public final class DeviceMatrices implements AutoCloseable {
    /** Multiply-adds from which a product goes to the device: 128 x 128 x 128. */
    private static final double PRODUCT = 128.0 * 128 * 128;
    /** Rows from which a system is solved with the device's help. */
    private static final int SOLVE = 256;

    private final DeviceProduct product;
    private final double productThreshold;
    private final int solveThreshold;

    private DeviceMatrices(DeviceProduct product, double productThreshold, int solveThreshold) {
        this.product = product;
        this.productThreshold = productThreshold;
        this.solveThreshold = solveThreshold;
    }

    /**
     * {@return matrices on a device, with the thresholds that were measured} The device stays the caller's.
     *
     * @param device where large matrices are multiplied
     */
    public static DeviceMatrices on(Device device) {
        return new DeviceMatrices(new DeviceProduct(device), PRODUCT, SOLVE);
    }

    /**
     * {@return the same with other thresholds; 0 sends everything to the device}
     *
     * @param multiplyAdds M * N * K from which a product runs on the device
     * @param rows of a system from which it is solved with the device's help
     */
    public DeviceMatrices thresholds(double multiplyAdds, int rows) {
        return new DeviceMatrices(product, multiplyAdds, rows);
    }

    /**
     * {@return whether the product of [m, k] and [k, n] runs on the device}
     *
     * @param m rows of the product
     * @param n columns of the product
     * @param k length of the sums
     */
    public boolean isProductOnDevice(int m, int n, int k) {
        return (double) m * n * k >= productThreshold;
    }

    /**
     * {@return whether a system of so many rows is solved with the device's help}
     *
     * @param rows of the system
     */
    public boolean isSolveOnDevice(int rows) {
        return rows >= solveThreshold;
    }

    /**
     * The product a b.
     *
     * @param a [M, K]
     * @param b [K, N]
     * @return [M, N]; of which class is open
     * @throws DimensionMismatchException when a has other columns than b has rows
     */
    public RealMatrix product(RealMatrix a, RealMatrix b) {
        int m = a.getRowDimension();
        int k = a.getColumnDimension();
        int n = b.getColumnDimension();
        if (k != b.getRowDimension()) {
            throw new DimensionMismatchException(k, b.getRowDimension());
        }
        if (!isProductOnDevice(m, n, k)) {
            return a.multiply(b);
        }
        return new Array2DRowRealMatrix(Flat.rows(product.multiply(Flat.of(a), Flat.of(b), m, n, k), n), false);
    }

    /**
     * Solves by LU decomposition with partial pivoting; a matrix whose largest pivot candidate stays below 1e-11 counts as
     * singular, as in commons-math3.
     *
     * @param a [N, N]
     * @return a solver whose methods throw {@code SingularMatrixException} for a singular matrix and {@link
     *     DimensionMismatchException} for a right side of other rows
     * @throws NonSquareMatrixException when a is not square
     */
    public DecompositionSolver lu(RealMatrix a) {
        if (!a.isSquare()) {
            throw new NonSquareMatrixException(a.getRowDimension(), a.getColumnDimension());
        }
        return isSolveOnDevice(a.getRowDimension())
                ? new DeviceLu(product, Flat.of(a), a.getRowDimension())
                : new LUDecomposition(a).getSolver();
    }

    /** Releases what the products hold on the device. Solvers made here must not be used afterwards. */
    @Override
    public void close() {
        product.close();
    }
}
