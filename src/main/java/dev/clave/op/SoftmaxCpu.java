package dev.clave.op;

/** Softmax and log-softmax in pure Java. */
final class SoftmaxCpu implements CpuKernel {
    private final boolean log;

    SoftmaxCpu(boolean log) {
        this.log = log;
    }

    @Override
    public void run(Problem problem, CpuArguments a) {
        Slot output = problem.slot("output");
        int n = output.shape().extent(0);
        int classes = output.shape().extent(1);
        Reals y = a.reals("output");
        if (problem.direction().equals("forward")) {
            Reals x = a.reals("input");
            for (int sample = 0; sample < n; sample++) {
                forward(x, y, sample * classes, classes);
            }
        } else {
            Reals gradOutput = a.reals("gradOutput");
            Reals gradInput = a.reals("gradInput");
            for (int sample = 0; sample < n; sample++) {
                backward(y, gradOutput, gradInput, sample * classes, classes);
            }
        }
    }

    private void forward(Reals x, Reals y, int first, int classes) {
        double most = x.get(first);
        for (int c = 1; c < classes; c++) {
            most = x.get(first + c) > most ? x.get(first + c) : most;
        }
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += Math.exp(x.get(first + c) - most);
        }
        double shift = Math.log(sum);
        for (int c = 0; c < classes; c++) {
            double distance = x.get(first + c) - most;
            y.set(first + c, log ? distance - shift : Math.exp(distance) / sum);
        }
    }

    private void backward(Reals y, Reals gradOutput, Reals gradInput, int first, int classes) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += gradOutput.get(first + c) * (log ? 1 : y.get(first + c));
        }
        for (int c = 0; c < classes; c++) {
            double g = gradOutput.get(first + c);
            double value = y.get(first + c);
            gradInput.set(first + c, log ? g - Math.exp(value) * sum : value * (g - sum));
        }
    }
}
