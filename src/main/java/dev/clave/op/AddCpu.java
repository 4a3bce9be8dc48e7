package dev.clave.op;

/** The sum of two tensors in pure Java. */
final class AddCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        boolean forward = problem.direction().equals("forward");
        Reals left = a.reals(forward ? "a" : "input");
        Reals right = a.reals(forward ? "b" : "sum");
        Reals to = a.reals(forward ? "output" : "sum");
        int total = problem.slots().get(0).shape().elements();
        for (int i = 0; i < total; i++) {
            to.set(i, left.get(i) + right.get(i));
        }
    }
}
