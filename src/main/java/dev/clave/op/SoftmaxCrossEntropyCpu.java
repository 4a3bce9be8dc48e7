package dev.clave.op;

/** Softmax cross-entropy in pure Java. */
final class SoftmaxCrossEntropyCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        SoftmaxCrossEntropy g = (SoftmaxCrossEntropy) problem.geometry();
        Reals logits = a.reals("logits");
        int[] labels = a.ints("labels");
        int labelOffset = a.offset("labels");
        boolean forward = problem.direction().equals("forward");
        Reals result = a.reals(forward ? "loss" : "gradInput");
        for (int n = 0; n < g.n(); n++) {
            int x = n * g.classes();
            int label = labels[labelOffset + n];
            int best = 0;
            for (int c = 1; c < g.classes(); c++) {
                double value = logits.get(x + c);
                double most = logits.get(x + best);
                if (value > most || (Double.isNaN(value) && !Double.isNaN(most))) {
                    best = c;
                }
            }
            double most = logits.get(x + best);
            double sum = 0;
            for (int c = 0; c < g.classes(); c++) {
                sum += Math.exp(logits.get(x + c) - most);
            }
            boolean ignored = label == g.ignoreIndex();
            boolean valid = !ignored && label >= 0 && label < g.classes();
            if (forward) {
                int row = (int) a.scalar("row");
                double loss = valid ? Math.log(sum) - (logits.get(x + label) - most) : ignored ? 0 : Double.NaN;
                result.set(row + n, loss);
                a.ints("correct")[a.offset("correct") + row + n] = valid ? (best == label ? 1 : 0) : ignored ? 0 : -1;
            } else {
                double scale = a.scalar("scale");
                for (int c = 0; c < g.classes(); c++) {
                    double share = Math.exp(logits.get(x + c) - most) / sum - (c == label ? 1 : 0);
                    result.set(x + c, valid ? scale * share : 0);
                }
            }
        }
    }
}
