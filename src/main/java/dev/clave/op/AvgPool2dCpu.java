package dev.clave.op;

/** Average pooling in pure Java. */
final class AvgPool2dCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        AvgPool2d g = (AvgPool2d) problem.geometry();
        boolean forward = problem.direction().equals("forward");
        Reals from = a.reals(forward ? "input" : "gradOutput");
        Reals to = a.reals(forward ? "output" : "gradInput");
        Reals reciprocal = a.reals("reciprocal");
        Window win = g.window();
        int positions = g.oh() * g.ow();
        int pixels = g.h() * g.w();
        double[] grad = new double[pixels];
        for (int plane = 0; plane < g.n() * g.c(); plane++) {
            java.util.Arrays.fill(grad, 0);
            for (int o = 0; o < positions; o++) {
                double share = forward ? 0 : from.get(plane * positions + o) * reciprocal.get(o);
                double sum = 0;
                for (int kh = 0; kh < win.kh(); kh++) {
                    int y = o / g.ow() * win.strideH() - win.padTop() + kh * win.dilationH();
                    for (int kw = 0; kw < win.kw(); kw++) {
                        int x = o % g.ow() * win.strideW() - win.padLeft() + kw * win.dilationW();
                        if (y < 0 || y >= g.h() || x < 0 || x >= g.w()) {
                            continue;
                        }
                        if (forward) {
                            sum += from.get(plane * pixels + y * g.w() + x);
                        } else {
                            grad[y * g.w() + x] += share;
                        }
                    }
                }
                if (forward) {
                    to.set(plane * positions + o, sum * reciprocal.get(o));
                }
            }
            for (int i = 0; !forward && i < pixels; i++) {
                to.set(plane * pixels + i, grad[i]);
            }
        }
    }
}
