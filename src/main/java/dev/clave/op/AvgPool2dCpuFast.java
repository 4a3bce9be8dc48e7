package dev.clave.op;

import java.util.Arrays;

/** Average pooling on the CPU over float arrays, one owner per plane. */
final class AvgPool2dCpuFast implements CpuFast {
    private static final int CHUNK = 4096;

    @Override
    public void run(Problem problem, CpuArguments a) {
        AvgPool2d g = (AvgPool2d) problem.geometry();
        boolean forward = problem.direction().equals("forward");
        float[] from = a.floats(forward ? "input" : "gradOutput");
        float[] to = a.floats(forward ? "output" : "gradInput");
        int first = a.offset(forward ? "input" : "gradOutput");
        int second = a.offset(forward ? "output" : "gradInput");
        float[] reciprocal = a.floats("reciprocal");
        int reciprocalFirst = a.offset("reciprocal");
        int planes = g.n() * g.c();
        int pixels = g.h() * g.w();
        int positions = g.oh() * g.ow();
        int each = Math.max(1, CHUNK / pixels);
        boolean halves = g.window().equals(MaxPool2dCpuFast.HALF) && g.h() % 2 == 0 && g.w() % 2 == 0;
        a.device().forEach(FloatTiles.parts(planes, each), 2 * problem.flops(), (workspace, task) -> {
            for (int plane = task * each; plane < Math.min(planes, (task + 1) * each); plane++) {
                int in = forward ? first + plane * pixels : second + plane * pixels;
                int out = forward ? second + plane * positions : first + plane * positions;
                if (halves) {
                    halves(g, forward, from, to, in, out, reciprocal, reciprocalFirst);
                    continue;
                }
                if (!forward) {
                    Arrays.fill(to, in, in + pixels, 0);
                }
                plane(g, forward, from, to, in, out, reciprocal, reciprocalFirst);
            }
        });
    }

    /** Windows of two by two that cover everything, written out. */
    private static void halves(
            AvgPool2d g, boolean forward, float[] from, float[] to, int in, int out, float[] reciprocal, int first) {
        int width = g.w();
        for (int oy = 0; oy < g.oh(); oy++) {
            int upper = in + 2 * oy * width;
            int lower = upper + width;
            int at = out + oy * g.ow();
            int share = first + oy * g.ow();
            if (forward) {
                for (int ox = 0; ox < g.ow(); ox++) {
                    float sum = 0 + from[upper + 2 * ox] + from[upper + 2 * ox + 1];
                    to[at + ox] = (sum + from[lower + 2 * ox] + from[lower + 2 * ox + 1]) * reciprocal[share + ox];
                }
            } else {
                for (int ox = 0; ox < g.ow(); ox++) {
                    float value = 0 + from[at + ox] * reciprocal[share + ox];
                    to[upper + 2 * ox] = value;
                    to[upper + 2 * ox + 1] = value;
                    to[lower + 2 * ox] = value;
                    to[lower + 2 * ox + 1] = value;
                }
            }
        }
    }

    /** in is where the H*W plane begins and out where the OH*OW plane does, whichever is read. */
    private static void plane(
            AvgPool2d g, boolean forward, float[] from, float[] to, int in, int out, float[] reciprocal, int first) {
        Window win = g.window();
        int o = 0;
        for (int oy = 0; oy < g.oh(); oy++) {
            int top = oy * win.strideH() - win.padTop();
            int yBegin = MaxPool2dCpuFast.firstTap(top, win.dilationH());
            int yEnd = MaxPool2dCpuFast.lastTap(top, win.dilationH(), win.kh(), g.h());
            for (int ox = 0; ox < g.ow(); ox++, o++) {
                int left = ox * win.strideW() - win.padLeft();
                int xBegin = MaxPool2dCpuFast.firstTap(left, win.dilationW());
                int xEnd = MaxPool2dCpuFast.lastTap(left, win.dilationW(), win.kw(), g.w());
                float share = forward ? 0 : from[out + o] * reciprocal[first + o];
                float sum = 0;
                for (int kh = yBegin; kh < yEnd; kh++) {
                    int row = in + (top + kh * win.dilationH()) * g.w() + left;
                    for (int kw = xBegin; kw < xEnd; kw++) {
                        if (forward) {
                            sum += from[row + kw * win.dilationW()];
                        } else {
                            to[row + kw * win.dilationW()] += share;
                        }
                    }
                }
                if (forward) {
                    to[out + o] = sum * reciprocal[first + o];
                }
            }
        }
    }
}
