package dev.clave.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.commons.math3.exception.DimensionMismatchException;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.BlockRealMatrix;
import org.apache.commons.math3.linear.DecompositionSolver;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.NonSquareMatrixException;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against commons-math3 itself, everything forced onto the device. */
class DeviceMatricesTest {
    private static final double U = 0x1p-53;
    private static final List<Device> DEVICES = new ArrayList<>();

    @BeforeAll
    static void open() {
        DEVICES.add(Device.cpu());
        if (!Device.list().isEmpty()) {
            DEVICES.add(Device.open("opencl"));
        }
    }

    @AfterAll
    static void close() {
        DEVICES.forEach(Device::close);
        DEVICES.clear();
    }

    private static void everywhere(Consumer<DeviceMatrices> check) {
        for (Device device : DEVICES) {
            try (DeviceMatrices matrices = DeviceMatrices.on(device).thresholds(0, 0)) {
                check.accept(matrices);
            }
            assertEquals(0, device.liveBytes(), device.name() + " keeps tensors");
        }
    }

    private static RealMatrix random(int rows, int columns, long seed) {
        Random random = new Random(seed);
        double[][] values = new double[rows][columns];
        for (double[] row : values) {
            for (int j = 0; j < columns; j++) {
                row[j] = random.nextGaussian();
            }
        }
        return new Array2DRowRealMatrix(values, false);
    }

    /** Each element within gamma of K + 3 terms, twice: commons-math3's own sum rounds as well. */
    private static void assertProduct(RealMatrix a, RealMatrix b, RealMatrix got) {
        RealMatrix expected = a.multiply(b);
        RealMatrix sizes = absolute(a).multiply(absolute(b));
        int k = a.getColumnDimension() + 3;
        double gamma = k * U / (1 - k * U);
        for (int i = 0; i < expected.getRowDimension(); i++) {
            for (int j = 0; j < expected.getColumnDimension(); j++) {
                assertEquals(expected.getEntry(i, j), got.getEntry(i, j), 2 * gamma * sizes.getEntry(i, j));
            }
        }
    }

    private static RealMatrix absolute(RealMatrix matrix) {
        RealMatrix copy = matrix.copy();
        for (int i = 0; i < copy.getRowDimension(); i++) {
            for (int j = 0; j < copy.getColumnDimension(); j++) {
                copy.setEntry(i, j, Math.abs(copy.getEntry(i, j)));
            }
        }
        return copy;
    }

    @Test
    void products() {
        int[][] shapes = {{1, 1, 1}, {3, 70, 5}, {130, 1, 67}, {64, 64, 64}, {97, 211, 53}};
        everywhere(matrices -> {
            for (int[] shape : shapes) {
                RealMatrix a = random(shape[0], shape[2], 1);
                RealMatrix b = random(shape[2], shape[1], 2);
                assertProduct(a, b, matrices.product(a, b));
                assertProduct(a, b, matrices.product(new BlockRealMatrix(a.getData()), b));
            }
        });
    }

    @Test
    void productsOfUnequalSizesAreRefusedAsByCommonsMath() {
        RealMatrix a = random(3, 4, 1);
        everywhere(matrices -> {
            DimensionMismatchException ours =
                    assertThrows(DimensionMismatchException.class, () -> matrices.product(a, a));
            DimensionMismatchException theirs = assertThrows(DimensionMismatchException.class, () -> a.multiply(a));
            assertEquals(theirs.getMessage(), ours.getMessage());
        });
    }

    /**
     * Normwise backward error of a solution: |b - A x| / (|A| |x| + |b|), in units of u. Elimination with partial pivoting
     * stays at a small multiple of one unless the elements grow.
     */
    private static double backwardError(RealMatrix a, RealMatrix x, RealMatrix b) {
        RealMatrix residual = b.subtract(a.multiply(x));
        double worst = 0;
        for (int j = 0; j < b.getColumnDimension(); j++) {
            double size = a.getNorm() * x.getColumnVector(j).getL1Norm()
                    + b.getColumnVector(j).getL1Norm();
            worst = Math.max(worst, residual.getColumnVector(j).getL1Norm() / size);
        }
        return worst / U;
    }

    /** Our residual may be twice commons-math3's, or below one unit and a half for each doubling of the size. */
    private static void assertAsGood(RealMatrix a, RealMatrix b, RealMatrix x) {
        double ours = backwardError(a, x, b);
        double theirs = backwardError(a, new LUDecomposition(a).getSolver().solve(b), b);
        double usual = 1.5 * Math.log(a.getRowDimension() + 1) / Math.log(2);
        assertTrue(
                ours <= Math.max(2 * theirs, usual),
                a.getRowDimension() + " rows: backward error " + ours + " u, commons-math3 " + theirs + " u");
    }

    @Test
    void solvesAreAsGoodAsCommonsMath() {
        everywhere(matrices -> {
            for (int n : new int[] {1, 2, 15, 16, 17, 33, 100, 145, 300, 420}) {
                RealMatrix a = random(n, n, n);
                RealMatrix b = random(n, 3, 7);
                DecompositionSolver solver = matrices.lu(a);
                assertTrue(solver.isNonSingular());
                RealMatrix x = solver.solve(b);
                assertAsGood(a, b, x);
                RealVector one = solver.solve(b.getColumnVector(1));
                assertAsGood(a, column(b.getColumnVector(1)), column(one));
            }
        });
    }

    private static RealMatrix column(RealVector vector) {
        return MatrixUtils.createColumnRealMatrix(vector.toArray());
    }

    /** Rows that must be swapped, in every panel and half, and rows of very different size. */
    @Test
    void pivotsAreFound() {
        everywhere(matrices -> {
            int n = 200;
            RealMatrix a = random(n, n, 3);
            for (int i = 0; i < n; i++) {
                a.setEntry(i, i, 0);
                if (i % 3 == 0) {
                    a.setRowVector(i, a.getRowVector(i).mapMultiply(1e-6));
                }
            }
            RealMatrix b = random(n, 2, 4);
            assertAsGood(a, b, matrices.lu(a).solve(b));
            // A permutation is solved without any error.
            RealMatrix permutation = new Array2DRowRealMatrix(n, n);
            for (int i = 0; i < n; i++) {
                permutation.setEntry(i, (i * 77 + 13) % n, 1);
            }
            assertEquals(
                    0,
                    permutation
                            .multiply(matrices.lu(permutation).solve(b))
                            .subtract(b)
                            .getNorm());
        });
    }

    @Test
    void theInverseIsOne() {
        everywhere(matrices -> {
            RealMatrix a = random(120, 120, 9);
            RealMatrix inverse = matrices.lu(a).getInverse();
            assertAsGood(a, MatrixUtils.createRealIdentityMatrix(120), inverse);
        });
    }

    /** Ill-conditioned, but not singular: the residual stays small although the solution is far off. */
    @Test
    void theHilbertMatrixHasASmallResidual() {
        everywhere(matrices -> {
            int n = 8;
            RealMatrix hilbert = new Array2DRowRealMatrix(n, n);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    hilbert.setEntry(i, j, 1.0 / (i + j + 1));
                }
            }
            RealMatrix b = random(n, 1, 5);
            assertAsGood(hilbert, b, matrices.lu(hilbert).solve(b));
        });
    }

    @Test
    void singularMatricesAreRefusedAsByCommonsMath() {
        int n = 90;
        RealMatrix twice = random(n, n, 6);
        twice.setRowVector(70, twice.getRowVector(5));
        RealMatrix low = random(n, 40, 6).multiply(random(40, n, 7));
        RealMatrix nearly = random(n, n, 8);
        nearly.setRowVector(3, nearly.getRowVector(80).add(new ArrayRealVector(n, 1e-14)));
        RealMatrix empty = new Array2DRowRealMatrix(n, n);
        everywhere(matrices -> {
            for (RealMatrix a : List.of(twice, low, nearly, empty)) {
                assertFalse(new LUDecomposition(a).getSolver().isNonSingular(), "commons-math3 refuses it");
                DecompositionSolver solver = matrices.lu(a);
                assertFalse(solver.isNonSingular());
                assertThrows(SingularMatrixException.class, () -> solver.solve(new ArrayRealVector(n)));
                assertThrows(SingularMatrixException.class, () -> solver.solve(random(n, 2, 1)));
                assertThrows(SingularMatrixException.class, solver::getInverse);
            }
        });
    }

    @Test
    void sizesAreRefusedAsByCommonsMath() {
        RealMatrix square = random(20, 20, 1);
        everywhere(matrices -> {
            assertThrows(NonSquareMatrixException.class, () -> matrices.lu(random(20, 21, 1)));
            DecompositionSolver solver = matrices.lu(square);
            DecompositionSolver theirs = new LUDecomposition(square).getSolver();
            for (DecompositionSolver each : List.of(solver, theirs)) {
                assertThrows(DimensionMismatchException.class, () -> each.solve(new ArrayRealVector(19)));
                assertThrows(DimensionMismatchException.class, () -> each.solve(random(21, 2, 1)));
            }
            assertEquals(
                    assertThrows(DimensionMismatchException.class, () -> theirs.solve(new ArrayRealVector(19)))
                            .getMessage(),
                    assertThrows(DimensionMismatchException.class, () -> solver.solve(new ArrayRealVector(19)))
                            .getMessage());
        });
    }

    /** Below the threshold the very bits of commons-math3, above it the device. */
    @Test
    void smallOnesStayWithCommonsMath() {
        RealMatrix a = random(40, 40, 1);
        try (DeviceMatrices matrices = DeviceMatrices.on(DEVICES.get(0))) {
            assertFalse(matrices.isProductOnDevice(40, 40, 40));
            assertFalse(matrices.isSolveOnDevice(40));
            assertTrue(matrices.isProductOnDevice(1024, 1024, 1024));
            assertTrue(matrices.isSolveOnDevice(2000));
            assertEquals(a.multiply(a), matrices.product(a, a));
            assertEquals(
                    new LUDecomposition(a).getSolver().getInverse(),
                    matrices.lu(a).getInverse());
        }
    }
}
