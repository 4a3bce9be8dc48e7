package dev.clave.op;

/** Adam in pure Java. */
final class AdamCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Adam g = (Adam) problem.geometry();
        Reals parameter = a.reals("parameter");
        Reals gradient = a.reals("gradient");
        Reals first = a.reals("first");
        Reals second = a.reals("second");
        double rate = a.scalar("learning_rate");
        double stepSize = a.scalar("step_size");
        double root = a.scalar("root");
        for (int i = 0; i < g.count(); i++) {
            double p = parameter.get(i);
            double grad = gradient.get(i);
            if (g.decoupled()) {
                p -= rate * g.weightDecay() * p;
            } else {
                grad += g.weightDecay() * p;
            }
            double m = first.get(i) + (1 - g.beta1()) * (grad - first.get(i));
            double v = g.beta2() * second.get(i) + (1 - g.beta2()) * grad * grad;
            first.set(i, m);
            second.set(i, v);
            parameter.set(i, p - stepSize * (m / (Math.sqrt(v) * root + g.epsilon())));
        }
    }
}
