package dev.clave.op;

import dev.clave.DType;

/** Functions of each element in pure Java. */
final class ElementwiseCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        Elementwise g = (Elementwise) problem.geometry();
        boolean single = problem.format().real() == DType.F32;
        // A float device gets the parameters rounded to float.
        double p = single ? (float) g.p() : g.p();
        double q = single ? (float) g.q() : g.q();
        Reals input = arguments.reals("input");
        Reals output = arguments.reals("output");
        for (int i = 0; i < g.n() * g.features(); i++) {
            output.set(i, apply(g.kind(), input.get(i), p, q));
        }
    }

    private static double apply(Elementwise.Kind kind, double x, double p, double q) {
        if (kind == Elementwise.Kind.ELU) {
            return x < 0 ? p * Math.expm1(x) : x;
        }
        if (kind == Elementwise.Kind.SOFTPLUS) {
            return (x > 0 ? x : 0) + Math.log1p(Math.exp(-Math.abs(x)));
        }
        return kind == Elementwise.Kind.CLIP ? clip(x, p, q) : p * x + q;
    }

    private static double clip(double x, double p, double q) {
        double raised = x < p ? p : x;
        return raised > q ? q : raised;
    }
}
