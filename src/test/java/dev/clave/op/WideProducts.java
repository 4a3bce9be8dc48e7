package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Products in double precision with their inputs and, for whole numbers, their answers. */
final class WideProducts {
    static final Format WIDE = new Format(DType.F64, 1);
    private static final int GUARD = 16;

    private WideProducts() {}

    /** Tails of every tile, all transpositions, long rows, both ways of packing, more than one block of K. */
    static final List<Gemm> SHAPES = List.of(
            new Gemm(1, 1, 1),
            new Gemm(7, 19, 5),
            new Gemm(12, 16, 8),
            new Gemm(50, 70, 300),
            new Gemm(33, 41, 17, true, true, -2, 3, 35, 18, 44, true, Gemm.Epilogue.RELU),
            new Gemm(33, 41, 17, true, false, 1, 0, 33, 41, 41, true, Gemm.Epilogue.NONE),
            new Gemm(65, 130, 270, false, true, 1, 1, 300, 270, 130, false, Gemm.Epilogue.NONE),
            new Gemm(4, 300, 9, false, false, 1, 0, 200_000, 300, 300, false, Gemm.Epilogue.NONE));

    record Data(double[] a, double[] b, double[] bias, double[] c) {
        static Data of(Gemm g, boolean whole) {
            Random random = new Random(g.toString().hashCode());
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
    static double[] run(Device device, Gemm g, String candidate, Data data) {
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
                if (got[i] != 4321.5 || got[got.length - 1 - i] != 4321.5) {
                    throw new AssertionError(candidate + " wrote " + (got[i] != 4321.5 ? "before" : "behind") + " c");
                }
            }
            return Arrays.copyOfRange(got, GUARD, GUARD + length);
        }
    }

    /**
     * What comes of whole numbers. Products of at most 2^38 and their sums are held by double precision: every order of
     * adding gives the same.
     */
    static double[] exact(Gemm g, Data data) {
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
        return expected;
    }
}
