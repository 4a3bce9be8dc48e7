package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Matrix product {@code c = epilogue(alpha * op(a) op(b) + beta * c + bias)}, row-major. Tensors: a [M,K] in rows of lda (or
 * [K,M] when transA), b [K,N] in rows of ldb (or [N,K]), bias [N] when {@code bias}, c [M,N] in rows of ldc. With beta 0 c is
 * never read. Gradients are products too, see {@link #gradientA} and {@link #gradientB}; the gradient of bias is {@link
 * BiasAdd}'s with M samples of N channels, the gradient of the old c is beta times gradOutput.
 *
 * @param m rows of c, at least 1
 * @param n columns of c, at least 1
 * @param k length of the sums, at least 1
 * @param transA whether a is stored as [K,M]
 * @param transB whether b is stored as [N,K]
 * @param alpha factor of the product
 * @param beta factor of the old c; 0 never reads it
 * @param lda elements from row to row of a as stored, at least its width
 * @param ldb the same of b
 * @param ldc the same of c
 * @param bias whether there is one
 * @param epilogue what is applied to the sum
 */
public record Gemm(
        int m,
        int n,
        int k,
        boolean transA,
        boolean transB,
        double alpha,
        double beta,
        int lda,
        int ldb,
        int ldc,
        boolean bias,
        Epilogue epilogue)
        implements Geometry {
    /** What is applied to each element at the end. */
    public enum Epilogue {
        /** Nothing. */
        NONE,
        /** x, or 0 for x at most 0. */
        RELU,
        /** Hyperbolic tangent. */
        TANH
    }

    /** Checks sizes. */
    public Gemm {
        Window.atLeast("gemm: M", m, 1);
        Window.atLeast("gemm: N", n, 1);
        Window.atLeast("gemm: K", k, 1);
        Window.atLeast("gemm: lda", lda, transA ? m : k);
        Window.atLeast("gemm: ldb", ldb, transB ? k : n);
        Window.atLeast("gemm: ldc", ldc, n);
    }

    /**
     * The plain product of dense matrices.
     *
     * @param m rows of c
     * @param n columns of c
     * @param k length of the sums
     */
    public Gemm(int m, int n, int k) {
        this(m, n, k, false, false, 1, 0, k, n, n, false, Epilogue.NONE);
    }

    /**
     * A gradient of this product, which is a product too.
     *
     * @param gemm what to compute; its c is the gradient, with the row length of the tensor it belongs to
     * @param a what to bind as a: {@code a}, {@code b}, or {@code gradOutput}, the gradient of c before the epilogue
     * @param b what to bind as b
     */
    public record Gradient(Gemm gemm, String a, String b) {}

    /**
     * {@return the gradient of a: {@code alpha * gradOutput op(b)^T}, transposed when a is} gradOutput is [M,N] in rows
     * of ldc. With an epilogue it is the gradient of the epilogue's argument: run the activation's backward first.
     */
    public Gradient gradientA() {
        Gemm gradient = transA
                ? product(k, m, n, transB, true, ldb, ldc, lda)
                : product(m, k, n, false, !transB, ldc, ldb, lda);
        return transA ? new Gradient(gradient, "b", "gradOutput") : new Gradient(gradient, "gradOutput", "b");
    }

    /**
     * {@return the gradient of b: {@code alpha * op(a)^T gradOutput}, transposed when b is; gradOutput as in {@link
     * #gradientA}}
     */
    public Gradient gradientB() {
        Gemm gradient = transB
                ? product(n, k, m, true, transA, ldc, lda, ldb)
                : product(k, n, m, !transA, false, lda, ldc, ldb);
        return transB ? new Gradient(gradient, "gradOutput", "a") : new Gradient(gradient, "a", "gradOutput");
    }

    private Gemm product(int rows, int columns, int sums, boolean ta, boolean tb, int la, int lb, int lc) {
        return new Gemm(rows, columns, sums, ta, tb, alpha, 0, la, lb, lc, false, Epilogue.NONE);
    }

    @Override
    public String operator() {
        return "gemm";
    }

    @Override
    public List<String> directions() {
        return List.of("forward");
    }

    @Override
    public Problem problem(String direction, Format format) {
        if (!direction.equals("forward")) {
            throw Problem.unknown(this, direction);
        }
        DType real = format.real();
        List<Slot> slots = new ArrayList<>();
        slots.add(Slot.in("a", real, Shape.of(transA ? k : m, lda)));
        slots.add(Slot.in("b", real, Shape.of(transB ? n : k, ldb)));
        if (bias) {
            slots.add(Slot.in("bias", real, Shape.of(n)));
        }
        slots.add(Slot.inout("c", real, Shape.of(m, ldc)));
        return new Problem(this, direction, format, slots, List.of(), 2.0 * m * n * k, k + 3);
    }
}
