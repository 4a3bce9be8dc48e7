package dev.clave.op;

import java.util.Arrays;

/** Max pooling on the CPU over float arrays, one owner per plane. */
final class MaxPool2dCpuFast implements CpuFast {
    private static final int CHUNK = 4096;
    private static final int INFINITY = Float.floatToIntBits(Float.POSITIVE_INFINITY);
    static final Window HALF = Window.of(2, 2).stride(2, 2);

    @Override
    public void run(Problem problem, CpuArguments a) {
        MaxPool2d g = (MaxPool2d) problem.geometry();
        boolean forward = problem.direction().equals("forward");
        float[] from = a.floats(forward ? "input" : "gradOutput");
        float[] to = a.floats(forward ? "output" : "gradInput");
        int first = a.offset(forward ? "input" : "gradOutput");
        int second = a.offset(forward ? "output" : "gradInput");
        int[] argmax = a.ints("argmax");
        int argmaxFirst = a.offset("argmax");
        int planes = g.n() * g.c();
        int each = Math.max(1, CHUNK / (g.h() * g.w()));
        int oh = g.oh();
        int ow = g.ow();
        int positions = oh * ow;
        boolean halves = forward && g.window().equals(HALF) && !g.ceil();
        int pixels = g.h() * g.w();
        a.device().forEach(FloatTiles.parts(planes, each), 2 * problem.flops(), (workspace, task) -> {
            for (int plane = task * each; plane < Math.min(planes, (task + 1) * each); plane++) {
                int at = argmaxFirst + plane * positions;
                if (halves) {
                    halve(from, first + plane * pixels, g.w(), to, second + plane * positions, oh, ow, argmax, at);
                } else if (forward) {
                    forward(g, from, first + plane * pixels, to, second + plane * positions, argmax, at);
                } else {
                    backward(
                            from,
                            first + plane * positions,
                            to,
                            second + plane * pixels,
                            argmax,
                            at,
                            positions,
                            pixels);
                }
            }
        });
    }

    /** The window of two by two without padding, written out. */
    private static void halve(
            float[] in, int x0, int w, float[] out, int out0, int oh, int ow, int[] argmax, int argmax0) {
        for (int oy = 0; oy < oh; oy++) {
            int line = 2 * oy * w;
            int upper = x0 + line;
            int lower = upper + w;
            int to = out0 + oy * ow;
            int toArgmax = argmax0 + oy * ow;
            for (int ox = 0; ox < ow; ox++) {
                int first = Float.floatToRawIntBits(in[upper + 2 * ox]);
                int second = Float.floatToRawIntBits(in[upper + 2 * ox + 1]);
                int third = Float.floatToRawIntBits(in[lower + 2 * ox]);
                int fourth = Float.floatToRawIntBits(in[lower + 2 * ox + 1]);
                int above = Math.max(first, second);
                int below = Math.max(third, fourth);
                int best = Math.max(above, below);
                int where = line + 2 * ox;
                // Behind relu no sign is set: bits order as the numbers do, and differences do not overflow.
                if ((first | second | third | fourth) >= 0 && best <= INFINITY) {
                    int right = (first - second) >>> 31;
                    int rightBelow = (third - fourth) >>> 31;
                    where += right + ((above - below) >> 31 & (w + rightBelow - right));
                    out[to + ox] = Float.intBitsToFloat(best);
                } else {
                    where += ofAny(in, upper + 2 * ox, lower + 2 * ox);
                    out[to + ox] = in[x0 + where];
                }
                argmax[toArgmax + ox] = where;
            }
        }
    }

    /** Where the maximum of any four numbers is, counted from {@code upper}. */
    private static int ofAny(float[] in, int upper, int lower) {
        int first = key(in[upper]);
        int second = key(in[upper + 1]);
        int third = key(in[lower]);
        int fourth = key(in[lower + 1]);
        int above = second > first ? 1 : 0;
        int below = lower - upper + (fourth > third ? 1 : 0);
        return Math.max(third, fourth) > Math.max(first, second) ? below : above;
    }

    private static void forward(MaxPool2d g, float[] in, int x0, float[] out, int out0, int[] argmax, int argmax0) {
        Window win = g.window();
        int width = g.w();
        int o = 0;
        for (int oy = 0; oy < g.oh(); oy++) {
            int top = oy * win.strideH() - win.padTop();
            int yBegin = firstTap(top, win.dilationH());
            int yEnd = lastTap(top, win.dilationH(), win.kh(), g.h());
            for (int ox = 0; ox < g.ow(); ox++, o++) {
                int left = ox * win.strideW() - win.padLeft();
                int xBegin = firstTap(left, win.dilationW());
                int xEnd = lastTap(left, win.dilationW(), win.kw(), width);
                int best = Integer.MIN_VALUE;
                int where = -1;
                for (int kh = yBegin; kh < yEnd; kh++) {
                    int row = (top + kh * win.dilationH()) * width + left;
                    for (int kw = xBegin; kw < xEnd; kw++) {
                        int at = row + kw * win.dilationW();
                        int key = key(in[x0 + at]);
                        where = key > best ? at : where;
                        best = Math.max(best, key);
                    }
                }
                out[out0 + o] = where < 0 ? Float.NEGATIVE_INFINITY : in[x0 + where];
                argmax[argmax0 + o] = where;
            }
        }
    }

    /**
     * An int that orders as the float does, NaN above all and -0 equal to 0: comparing ints needs no branch, and the
     * larger of two activations is anybody's guess.
     */
    private static int key(float value) {
        int bits = Float.floatToIntBits(value + 0f);
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    private static void backward(
            float[] gradOut, int from, float[] gradIn, int to, int[] argmax, int at, int positions, int pixels) {
        Arrays.fill(gradIn, to, to + pixels, 0);
        for (int o = 0; o < positions; o++) {
            int where = argmax[at + o];
            if (where >= 0) {
                gradIn[to + where] += gradOut[from + o];
            }
        }
    }

    /** First tap of a window that begins at {@code start} and is not before the input. */
    static int firstTap(int start, int dilation) {
        return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    }

    /** One past the last tap inside the input. */
    static int lastTap(int start, int dilation, int taps, int size) {
        return start >= size ? 0 : Math.min(taps, (size - 1 - start) / dilation + 1);
    }
}
