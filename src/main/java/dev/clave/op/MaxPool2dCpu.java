package dev.clave.op;

/** Max pooling in pure Java. */
final class MaxPool2dCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        MaxPool2d g = (MaxPool2d) problem.geometry();
        if (problem.direction().equals("forward")) {
            forward(g, a);
        } else {
            backwardInput(g, a);
        }
    }

    private static void forward(MaxPool2d g, CpuArguments a) {
        Reals input = a.reals("input");
        Reals output = a.reals("output");
        int[] argmax = a.ints("argmax");
        int argmaxOffset = a.offset("argmax");
        Window win = g.window();
        int id = 0;
        for (int plane = 0; plane < g.n() * g.c(); plane++) {
            for (int oy = 0; oy < g.oh(); oy++) {
                for (int ox = 0; ox < g.ow(); ox++, id++) {
                    double best = Double.NEGATIVE_INFINITY;
                    int where = -1;
                    for (int kh = 0; kh < win.kh(); kh++) {
                        int y = oy * win.strideH() - win.padTop() + kh * win.dilationH();
                        for (int kw = 0; kw < win.kw(); kw++) {
                            int x = ox * win.strideW() - win.padLeft() + kw * win.dilationW();
                            if (y < 0 || y >= g.h() || x < 0 || x >= g.w()) {
                                continue;
                            }
                            double value = input.get((plane * g.h() + y) * g.w() + x);
                            if (where < 0 || value > best || (Double.isNaN(value) && !Double.isNaN(best))) {
                                best = value;
                                where = y * g.w() + x;
                            }
                        }
                    }
                    output.set(id, best);
                    argmax[argmaxOffset + id] = where;
                }
            }
        }
    }

    private static void backwardInput(MaxPool2d g, CpuArguments a) {
        Reals gradOutput = a.reals("gradOutput");
        Reals gradInput = a.reals("gradInput");
        int[] argmax = a.ints("argmax");
        int argmaxOffset = a.offset("argmax");
        int positions = g.oh() * g.ow();
        double[] grad = new double[g.h() * g.w()];
        for (int plane = 0; plane < g.n() * g.c(); plane++) {
            java.util.Arrays.fill(grad, 0);
            for (int o = 0; o < positions; o++) {
                int where = argmax[argmaxOffset + plane * positions + o];
                if (where >= 0) {
                    grad[where] += gradOutput.get(plane * positions + o);
                }
            }
            for (int i = 0; i < grad.length; i++) {
                gradInput.set(plane * grad.length + i, grad[i]);
            }
        }
    }
}
