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
        int length = index.rowLength();
        for (int row = 0; row < index.elements(); row += length) {
            int left = index.at(0, row);
            int right = index.at(1, row);
            for (int i = 0; i < length; i++, left += index.step(0), right += index.step(1)) {
                output.set(row + i, apply(g.kind(), a.get(left), b.get(right)));
            }
        }
    }

    private static double apply(Broadcast.Kind kind, double x, double y) {
        if (kind == Broadcast.Kind.MIN || kind == Broadcast.Kind.MAX) {
            boolean first = kind == Broadcast.Kind.MIN ? x < y : x > y;
            return first || Double.isNaN(x) ? x : y;
        }
        return kind == Broadcast.Kind.MUL ? x * y : kind == Broadcast.Kind.ADD ? x + y : x - y;
    }
}
