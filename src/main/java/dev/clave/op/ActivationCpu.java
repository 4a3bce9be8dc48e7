package dev.clave.op;

/** Activations in pure Java. */
final class ActivationCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Activation g = (Activation) problem.geometry();
        Reals output = a.reals("output");
        int total = g.n() * g.features();
        // A float device multiplies by the float nearest to the slope.
        double slope = problem.format().real() == dev.clave.DType.F32 ? (float) g.slope() : g.slope();
        if (problem.direction().equals("forward")) {
            Reals input = a.reals("input");
            for (int i = 0; i < total; i++) {
                output.set(i, apply(g.kind(), slope, input.get(i)));
            }
        } else {
            Reals gradOutput = a.reals("gradOutput");
            Reals gradInput = a.reals("gradInput");
            for (int i = 0; i < total; i++) {
                gradInput.set(i, derivative(g.kind(), slope, output.get(i), gradOutput.get(i)));
            }
        }
    }

    private static double apply(Activation.Kind kind, double slope, double x) {
        double e = Math.exp(-Math.abs(x));
        if (kind == Activation.Kind.TANH) {
            return Math.tanh(x);
        }
        if (kind == Activation.Kind.SIGMOID) {
            return (x < 0 ? e : 1) / (1 + e);
        }
        double below = kind == Activation.Kind.LEAKY_RELU ? slope * x : 0;
        return x <= 0 ? below : x;
    }

    private static double derivative(Activation.Kind kind, double slope, double y, double g) {
        if (kind == Activation.Kind.TANH) {
            return g * (1 - y * y);
        }
        if (kind == Activation.Kind.SIGMOID) {
            return g * (y * (1 - y));
        }
        // A NaN passes the one and not the other.
        return kind == Activation.Kind.RELU ? y <= 0 ? 0 : g : y > 0 ? g : slope * g;
    }
}
