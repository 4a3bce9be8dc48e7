package dev.clave.op;

import java.util.function.IntToDoubleFunction;

/** Pooling by its definition, see {@link Naive}. */
final class NaivePooling {
    private NaivePooling() {}

    /** Offsets in the input plane that a window covers, in row-major order; -1 for padding. */
    private static int[] taps(Window win, int o, int ow, int h, int w) {
        int[] taps = new int[win.kh() * win.kw()];
        for (int t = 0; t < taps.length; t++) {
            int y = o / ow * win.strideH() - win.padTop() + t / win.kw() * win.dilationH();
            int x = o % ow * win.strideW() - win.padLeft() + t % win.kw() * win.dilationW();
            taps[t] = y < 0 || x < 0 || y >= h || x >= w ? -1 : y * w + x;
        }
        return taps;
    }

    static IntToDoubleFunction max(OpCase op, MaxPool2d g, String slot, boolean absolute) {
        int positions = g.oh() * g.ow();
        int pixels = g.h() * g.w();
        if (slot.equals("gradInput")) {
            double[] gradOutput = Naive.of(op.doubles("gradOutput"), absolute);
            int[] argmax = op.ints("argmax");
            return i -> {
                double sum = 0;
                for (int o = i / pixels * positions; o < (i / pixels + 1) * positions; o++) {
                    sum += argmax[o] == i % pixels ? gradOutput[o] : 0;
                }
                return sum;
            };
        }
        double[] input = op.doubles("input");
        return i -> {
            int first = i / positions * pixels;
            int where = -1;
            double best = Double.NEGATIVE_INFINITY;
            for (int tap : taps(g.window(), i % positions, g.ow(), g.h(), g.w())) {
                if (tap >= 0
                        && (where < 0
                                || input[first + tap] > best
                                || (input[first + tap] != input[first + tap] && best == best))) {
                    where = tap;
                    best = input[first + tap];
                }
            }
            return slot.equals("argmax") ? where : absolute ? Math.abs(best) : best;
        };
    }

    static IntToDoubleFunction average(OpCase op, AvgPool2d g, boolean absolute) {
        int positions = g.oh() * g.ow();
        int pixels = g.h() * g.w();
        double[] reciprocal = op.doubles("reciprocal");
        if (op.direction().equals("forward")) {
            double[] input = Naive.of(op.doubles("input"), absolute);
            return i -> {
                double sum = 0;
                for (int tap : taps(g.window(), i % positions, g.ow(), g.h(), g.w())) {
                    sum += tap < 0 ? 0 : input[i / positions * pixels + tap];
                }
                return sum * reciprocal[i % positions];
            };
        }
        double[] gradOutput = Naive.of(op.doubles("gradOutput"), absolute);
        return i -> {
            double sum = 0;
            for (int o = 0; o < positions; o++) {
                if (outside(g, o, i % pixels)) {
                    continue;
                }
                for (int tap : taps(g.window(), o, g.ow(), g.h(), g.w())) {
                    sum += tap == i % pixels ? gradOutput[i / pixels * positions + o] * reciprocal[o] : 0;
                }
            }
            return sum;
        };
    }

    /** Whether a window starts below or ends above a pixel's row: then it cannot hold the pixel. */
    private static boolean outside(AvgPool2d g, int o, int pixel) {
        Window win = g.window();
        int top = o / g.ow() * win.strideH() - win.padTop();
        return pixel / g.w() < top || pixel / g.w() > top + (win.kh() - 1) * win.dilationH();
    }
}
