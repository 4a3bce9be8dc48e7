package dev.clave.op;

/** Broadcasting functions of two tensors in pure Java. */
final class BroadcastCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        Broadcast g = (Broadcast) problem.geometry();
        StridedIndex index = g.index(problem.format());
        Reals a = arguments.reals("a");
        Reals b = arguments.reals("b");
        Reals output = arguments.reals("output");
        for (int i = 0; i < index.elements(); i++) {
            output.set(i, apply(g.kind(), a.get(index.at(0, i)), b.get(index.at(1, i))));
        }
    }

    private static double apply(Broadcast.Kind kind, double x, double y) {
        return switch (kind) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case MIN -> x < y || Double.isNaN(x) ? x : y;
            case MAX -> x > y || Double.isNaN(x) ? x : y;
        };
    }
}
