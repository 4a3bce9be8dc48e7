package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Products in double precision by every candidate of every device that has it. */
@ExtendWith(TestDevices.Parameter.class)
class GemmWideTest {
    private static final Format WIDE = new Format(DType.F64, 1);
    /** Unit roundoff of double precision. */
    private static final double U = 0x1p-53;

    private static final int GUARD = 16;

    private final TestDevices devices;

    GemmWideTest(TestDevices devices) {
        this.devices = devices;
    }

    /** Tails of every tile, all transpositions, long rows, both ways of packing, more than one block of K. */
    private static final List<Gemm> SHAPES = List.of(
            new Gemm(1, 1, 1),
            new Gemm(7, 19, 5),
            new Gemm(12, 16, 8),
            new Gemm(50, 70, 300),
            new Gemm(33, 41, 17, true, true, -2, 3, 35, 18, 44, true, Gemm.Epilogue.RELU),
            new Gemm(33, 41, 17, true, false, 1, 0, 33, 41, 41, true, Gemm.Epilogue.NONE),
            new Gemm(65, 130, 270, false, true, 1, 1, 300, 270, 130, false, Gemm.Epilogue.NONE),
            new Gemm(4, 300, 9, false, false, 1, 0, 200_000, 300, 300, false, Gemm.Epilogue.NONE));

    private record Data(double[] a, double[] b, double[] bias, double[] c) {
        static Data of(Gemm g, boolean whole) {
            Random random = new Random(g.hashCode());
            int rowsA = g.transA() ? g.k() : g.m();
            int rowsB = g.transB() ? g.n() : g.k();
            return new Data(
                    values(rowsA * g.lda(), random, whole),
                    values(rowsB * g.ldb(), random, whole),
                    values(g.n(), random, whole),
                    values(g.m() * g.ldc(), random, whole));
        }

        private static double[] values(int count, Random random, boolean whole) {
            double[] values = new double[count];
            // Whole numbers beyond what single precision holds: a kernel that rounds to it is found.
            Arrays.setAll(values, i -> whole ? random.nextInt(1 << 20) - (1 << 19) : random.nextGaussian());
            return values;
        }

        double a(Gemm g, int i, int p) {
            return a[g.transA() ? p * g.lda() + i : i * g.lda() + p];
        }

        double b(Gemm g, int p, int j) {
            return b[g.transB() ? j * g.ldb() + p : p * g.ldb() + j];
        }
    }

    /** Guards around c stay as they are. */
    private static double[] run(Device device, Gemm g, String candidate, Data data) {
        Problem problem = g.problem("forward", WIDE);
        int length = data.c.length;
        double[] guarded = new double[length + 2 * GUARD];
        Arrays.fill(guarded, 4321.5);
        double[] begin = data.c.clone();
        for (int at = 0; g.beta() == 0 && at < length; at++) {
            begin[at] = at % g.ldc() < g.n() ? Double.NaN : begin[at]; // never to be read
        }
        System.arraycopy(begin, 0, guarded, GUARD, length);
        try (Tensor a = device.allocate(DType.F64, problem.slot("a").shape()).write(data.a);
                Tensor b = device.allocate(DType.F64, problem.slot("b").shape()).write(data.b);
                Tensor bias = device.allocate(DType.F64, Shape.of(g.n())).write(data.bias);
                Tensor all =
                        device.allocate(DType.F64, Shape.of(guarded.length)).write(guarded);
                Tensor c = all.view(GUARD, problem.slot("c").shape());
                Invocation product = Operators.prepare(device, problem, candidate)) {
            product.bind("a", a).bind("b", b).bind("c", c);
            if (g.bias()) {
                product.bind("bias", bias);
            }
            product.run();
            double[] got = all.readDoubles();
            for (int i = 0; i < GUARD; i++) {
                assertEquals(4321.5, got[i], candidate + " wrote before c");
                assertEquals(4321.5, got[got.length - 1 - i], candidate + " wrote behind c");
            }
            return Arrays.copyOfRange(got, GUARD, GUARD + length);
        }
    }

    private interface Check {
        void accept(Device device, Gemm g, String candidate);
    }

    private void everywhere(Check check) {
        for (Device device : devices.all()) {
            if (!device.info().fp64()) {
                System.out.println(device.name() + " has no fp64, products in double are not tested there");
                continue;
            }
            for (Gemm g : SHAPES) {
                for (String candidate : Operators.candidates(device, g.problem("forward", WIDE))) {
                    check.accept(device, g, candidate);
                    devices.count(device, "gemm");
                }
            }
        }
    }

    /** Products of at most 2^38 and their sums are whole numbers that double precision holds: every order gives the same. */
    @Test
    void wholeNumbersAreExact() {
        everywhere((device, g, candidate) -> {
            Data data = Data.of(g, true);
            double[] expected = data.c.clone();
            for (int i = 0; i < g.m(); i++) {
                for (int j = 0; j < g.n(); j++) {
                    double sum = 0;
                    for (int p = 0; p < g.k(); p++) {
                        sum += data.a(g, i, p) * data.b(g, p, j);
                    }
                    double value = g.alpha() * sum
                            + (g.beta() == 0 ? 0 : g.beta() * data.c[i * g.ldc() + j])
                            + (g.bias() ? data.bias[j] : 0);
                    expected[i * g.ldc() + j] = g.epilogue() == Gemm.Epilogue.RELU && value <= 0 ? 0 : value;
                }
            }
            assertArrayEquals(expected, run(device, g, candidate, data), candidate + " on " + device.name() + ", " + g);
        });
    }

    /** Real numbers against exact decimals, within gamma of K + 3 terms. */
    @Test
    void errorsStayBelowTheBound() {
        everywhere((device, g, candidate) -> {
            if (g.epilogue() != Gemm.Epilogue.NONE) {
                return;
            }
            Data data = Data.of(g, false);
            double[] got = run(device, g, candidate, data);
            Random random = new Random(5);
            for (int look = 0; look < 60; look++) {
                int i = random.nextInt(g.m());
                int j = random.nextInt(g.n());
                BigDecimal sum = BigDecimal.ZERO;
                double size = 0;
                for (int p = 0; p < g.k(); p++) {
                    sum = sum.add(new BigDecimal(data.a(g, i, p)).multiply(new BigDecimal(data.b(g, p, j))));
                    size += Math.abs(data.a(g, i, p) * data.b(g, p, j));
                }
                double old = g.beta() == 0 ? 0 : g.beta() * data.c[i * g.ldc() + j];
                double bias = g.bias() ? data.bias[j] : 0;
                BigDecimal expected = sum.multiply(new BigDecimal(g.alpha()))
                        .add(new BigDecimal(old))
                        .add(new BigDecimal(bias));
                double bound = (g.k() + 3)
                        * U
                        / (1 - (g.k() + 3) * U)
                        * (Math.abs(g.alpha()) * size + Math.abs(old) + Math.abs(bias));
                double error = expected.subtract(new BigDecimal(got[i * g.ldc() + j]))
                        .abs()
                        .doubleValue();
                assertTrue(
                        error <= bound, candidate + " on " + device.name() + ", " + g + ": " + error + " > " + bound);
            }
        });
    }

    /** A CPU with OpenCL takes packed panels, the CPU in Java its fast path; plain loops would make the rest pointless. */
    @Test
    void theFastPathsAreTaken() {
        Problem large = new Gemm(256, 256, 256).problem("forward", WIDE);
        assertEquals(List.of("fast", "reference"), Operators.candidates(devices.cpu(), large));
        for (Device device : devices.openCl()) {
            if (device.info().fp64() && device.info().platform().startsWith("Portable")) {
                assertEquals("packed", Operators.candidates(device, large).get(0), device.name());
            }
        }
    }
}
