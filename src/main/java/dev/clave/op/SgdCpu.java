package dev.clave.op;

/** Stochastic gradient descent in pure Java. */
final class SgdCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Sgd s = (Sgd) problem.geometry();
        Reals parameter = a.reals("parameter");
        Reals gradient = a.reals("gradient");
        Reals velocity = a.reals("velocity");
        double rate = a.scalar("learning_rate");
        for (int i = 0; i < s.count(); i++) {
            double g = gradient.get(i) + s.weightDecay() * parameter.get(i);
            double v = s.momentum() * velocity.get(i) + g;
            velocity.set(i, v);
            parameter.set(i, parameter.get(i) - rate * (s.nesterov() ? g + s.momentum() * v : v));
        }
    }
}
