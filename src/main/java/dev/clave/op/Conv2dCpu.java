package dev.clave.op;

import java.util.stream.IntStream;

/** Convolution in pure Java: the loops of the definition, accumulated in double, one owner per output element. */
final class Conv2dCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Conv2d g = (Conv2d) problem.geometry();
        switch (problem.direction()) {
            case "forward" -> forward(g, a);
            case "backwardInput" -> backwardInput(g, a);
            case "backwardWeight" -> backwardWeight(g, a);
            case "backwardBias" -> backwardBias(g, a);
            default -> throw Problem.unknown(g, problem.direction());
        }
    }

    private static void forward(Conv2d g, CpuArguments a) {
        Reals input = a.reals("input");
        Reals weight = a.reals("weight");
        Reals output = a.reals("output");
        Reals bias = g.bias() ? a.reals("bias") : null;
        Window win = g.window();
        int oh = g.oh();
        int ow = g.ow();
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        IntStream.range(0, g.n() * g.k()).parallel().forEach(nk -> {
            int n = nk / g.k();
            int k = nk % g.k();
            double[] plane = new double[oh * ow];
            if (bias != null) {
                java.util.Arrays.fill(plane, bias.get(k));
            }
            for (int c = 0; c < cg; c++) {
                int in = (n * g.c() + k / kg * cg + c) * g.h() * g.w();
                for (int kh = 0; kh < win.kh(); kh++) {
                    for (int kw = 0; kw < win.kw(); kw++) {
                        double value = weight.get(((k * cg + c) * win.kh() + kh) * win.kw() + kw);
                        int shift = kw * win.dilationW() - win.padLeft();
                        int first = first(shift, win.strideW());
                        int last = last(shift, win.strideW(), g.w(), ow);
                        for (int oy = 0; oy < oh; oy++) {
                            int y = oy * win.strideH() - win.padTop() + kh * win.dilationH();
                            if (y < 0 || y >= g.h()) {
                                continue;
                            }
                            for (int ox = first; ox < last; ox++) {
                                plane[oy * ow + ox] += value * input.get(in + y * g.w() + ox * win.strideW() + shift);
                            }
                        }
                    }
                }
            }
            for (int i = 0; i < plane.length; i++) {
                output.set(nk * plane.length + i, plane[i]);
            }
        });
    }

    private static void backwardInput(Conv2d g, CpuArguments a) {
        Reals gradOutput = a.reals("gradOutput");
        Reals weight = a.reals("weight");
        Reals gradInput = a.reals("gradInput");
        Window win = g.window();
        int oh = g.oh();
        int ow = g.ow();
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        IntStream.range(0, g.n() * g.c()).parallel().forEach(nc -> {
            int n = nc / g.c();
            int c = nc % g.c();
            double[] plane = new double[g.h() * g.w()];
            for (int k = c / cg * kg; k < (c / cg + 1) * kg; k++) {
                int out = (n * g.k() + k) * oh * ow;
                for (int kh = 0; kh < win.kh(); kh++) {
                    for (int kw = 0; kw < win.kw(); kw++) {
                        double value = weight.get(((k * cg + c % cg) * win.kh() + kh) * win.kw() + kw);
                        int shift = kw * win.dilationW() - win.padLeft();
                        int first = first(shift, win.strideW());
                        int last = last(shift, win.strideW(), g.w(), ow);
                        for (int oy = 0; oy < oh; oy++) {
                            int y = oy * win.strideH() - win.padTop() + kh * win.dilationH();
                            if (y < 0 || y >= g.h()) {
                                continue;
                            }
                            for (int ox = first; ox < last; ox++) {
                                plane[y * g.w() + ox * win.strideW() + shift] +=
                                        value * gradOutput.get(out + oy * ow + ox);
                            }
                        }
                    }
                }
            }
            for (int i = 0; i < plane.length; i++) {
                gradInput.set(nc * plane.length + i, plane[i]);
            }
        });
    }

    private static void backwardWeight(Conv2d g, CpuArguments a) {
        Reals input = a.reals("input");
        Reals gradOutput = a.reals("gradOutput");
        Reals gradWeight = a.reals("gradWeight");
        Window win = g.window();
        int oh = g.oh();
        int ow = g.ow();
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        IntStream.range(0, g.k() * cg).parallel().forEach(kc -> {
            int k = kc / cg;
            int c = k / kg * cg + kc % cg;
            for (int kh = 0; kh < win.kh(); kh++) {
                for (int kw = 0; kw < win.kw(); kw++) {
                    int shift = kw * win.dilationW() - win.padLeft();
                    int first = first(shift, win.strideW());
                    int last = last(shift, win.strideW(), g.w(), ow);
                    double sum = 0;
                    for (int n = 0; n < g.n(); n++) {
                        int in = (n * g.c() + c) * g.h() * g.w();
                        int out = (n * g.k() + k) * oh * ow;
                        for (int oy = 0; oy < oh; oy++) {
                            int y = oy * win.strideH() - win.padTop() + kh * win.dilationH();
                            if (y < 0 || y >= g.h()) {
                                continue;
                            }
                            for (int ox = first; ox < last; ox++) {
                                sum += gradOutput.get(out + oy * ow + ox)
                                        * input.get(in + y * g.w() + ox * win.strideW() + shift);
                            }
                        }
                    }
                    gradWeight.set((kc * win.kh() + kh) * win.kw() + kw, sum);
                }
            }
        });
    }

    private static void backwardBias(Conv2d g, CpuArguments a) {
        Reals gradOutput = a.reals("gradOutput");
        Reals gradBias = a.reals("gradBias");
        int plane = g.oh() * g.ow();
        for (int k = 0; k < g.k(); k++) {
            double sum = 0;
            for (int n = 0; n < g.n(); n++) {
                for (int i = 0; i < plane; i++) {
                    sum += gradOutput.get((n * g.k() + k) * plane + i);
                }
            }
            gradBias.set(k, sum);
        }
    }

    /** First output column whose input column ox * stride + shift is not negative. */
    static int first(int shift, int stride) {
        return shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    }

    /** One past the last output column whose input column lies inside the width. */
    static int last(int shift, int stride, int width, int ow) {
        return shift >= width ? 0 : Math.min(ow, (width - 1 - shift) / stride + 1);
    }
}
