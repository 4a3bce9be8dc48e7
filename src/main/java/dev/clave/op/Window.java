package dev.clave.op;

/**
 * The window of a convolution or pooling. Dilation 1 is dense.
 *
 * @param kh kernel height, at least 1
 * @param kw kernel width, at least 1
 * @param strideH rows from window to window, at least 1
 * @param strideW columns from window to window, at least 1
 * @param padTop rows of padding above, at least 0
 * @param padLeft columns of padding on the left, at least 0
 * @param padBottom rows of padding below, at least 0
 * @param padRight columns of padding on the right, at least 0
 * @param dilationH rows from tap to tap, at least 1; 1 is dense
 * @param dilationW columns from tap to tap, at least 1; 1 is dense
 */
public record Window(
        int kh,
        int kw,
        int strideH,
        int strideW,
        int padTop,
        int padLeft,
        int padBottom,
        int padRight,
        int dilationH,
        int dilationW) {

    /** Checks ranges; the message names the value. */
    public Window {
        atLeast("kernel height", kh, 1);
        atLeast("kernel width", kw, 1);
        atLeast("stride height", strideH, 1);
        atLeast("stride width", strideW, 1);
        atLeast("pad top", padTop, 0);
        atLeast("pad left", padLeft, 0);
        atLeast("pad bottom", padBottom, 0);
        atLeast("pad right", padRight, 0);
        atLeast("dilation height", dilationH, 1);
        atLeast("dilation width", dilationW, 1);
    }

    /**
     * {@return stride 1, no padding, dense}
     *
     * @param kh height of the window
     * @param kw width of the window
     */
    public static Window of(int kh, int kw) {
        return new Window(kh, kw, 1, 1, 0, 0, 0, 0, 1, 1);
    }

    /**
     * {@return the same with another stride}
     *
     * @param h rows, or the input's height
     * @param w columns, or the input's width
     */
    public Window stride(int h, int w) {
        return new Window(kh, kw, h, w, padTop, padLeft, padBottom, padRight, dilationH, dilationW);
    }

    /**
     * {@return the same with other padding}
     *
     * @param top rows above
     * @param left columns to the left
     * @param bottom rows below
     * @param right columns to the right
     */
    public Window pad(int top, int left, int bottom, int right) {
        return new Window(kh, kw, strideH, strideW, top, left, bottom, right, dilationH, dilationW);
    }

    /**
     * {@return the same with the same padding on all sides}
     *
     * @param all rows and columns on every side
     */
    public Window pad(int all) {
        return pad(all, all, all, all);
    }

    /**
     * {@return the same with another dilation}
     *
     * @param h rows, or the input's height
     * @param w columns, or the input's width
     */
    public Window dilation(int h, int w) {
        return new Window(kh, kw, strideH, strideW, padTop, padLeft, padBottom, padRight, h, w);
    }

    /**
     * {@return output height for an input height}
     *
     * @param h rows, or the input's height
     * @param ceil whether a last window that reaches beyond the input counts
     */
    public int outH(int h, boolean ceil) {
        return size("height", h, kh, strideH, padTop, padBottom, dilationH, ceil);
    }

    /**
     * {@return output width for an input width}
     *
     * @param w columns, or the input's width
     * @param ceil whether a last window that reaches beyond the input counts
     */
    public int outW(int w, boolean ceil) {
        return size("width", w, kw, strideW, padLeft, padRight, dilationW, ceil);
    }

    private static int size(
            String axis, int in, int kernel, int stride, int before, int after, int dilation, boolean ceil) {
        long span = (long) in + before + after - (long) dilation * (kernel - 1) - 1;
        if (span < 0) {
            throw new IllegalArgumentException("window: " + axis + " " + in + " with padding " + before + "+" + after
                    + " is smaller than the kernel " + kernel + " with dilation " + dilation);
        }
        long count = (ceil ? (span + stride - 1) / stride : span / stride) + 1;
        // In ceil mode the last window must start inside the input or the padding before it.
        if (ceil && (count - 1) * stride >= (long) in + before) {
            count--;
        }
        return Math.toIntExact(count);
    }

    static void atLeast(String what, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(what + " is at least " + least + ", got " + value);
        }
    }
}
