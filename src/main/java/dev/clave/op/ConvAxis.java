package dev.clave.op;

/**
 * Rows or columns of a convolution seen as shifts of a plane, see kernels/conv2d/packed.cl.
 *
 * <p>Forward: row t of phase p of the plane is row {@code t * stride + p - pad} of the input. Input gradient: one product for
 * each remainder r of the row it writes; its first tap is the smallest with {@code r + pad - tap * dilation} divisible by the stride.
 *
 * @param in size of the input, out of the output, pad before the first row
 */
record ConvAxis(int in, int out, int kernel, int stride, int pad, int dilation) {
    static ConvAxis rows(Conv2d g) {
        Window w = g.window();
        return new ConvAxis(g.h(), g.oh(), w.kh(), w.strideH(), w.padTop(), w.dilationH());
    }

    static ConvAxis columns(Conv2d g) {
        Window w = g.window();
        return new ConvAxis(g.w(), g.ow(), w.kw(), w.strideW(), w.padLeft(), w.dilationW());
    }

    /** Phases that any tap reads. */
    int phases() {
        return Math.min(stride, (kernel - 1) * dilation + 1);
    }

    /** Furthest shift of a tap. */
    int reach() {
        return (kernel - 1) * dilation / stride;
    }

    /** Rows of a plane: what lies beyond them is read as the zeros before the next image. */
    int size() {
        int whole = out + reach();
        int data = (in - 1 + pad) / stride + 1;
        return Math.max(out, Math.max(whole - pad / stride, Math.min(whole, data)));
    }

    /** Remainders of the rows a gradient writes. */
    int remainders() {
        return Math.min(stride, in);
    }

    /** The first tap of a remainder, -1 when none reaches it. */
    int firstTap(int remainder) {
        for (int tap = 0; tap < Math.min(kernel, stride); tap++) {
            if ((remainder + pad - tap * dilation) % stride == 0) {
                return tap;
            }
        }
        return -1;
    }

    /** Number of taps of a remainder. */
    int taps(int remainder) {
        int first = firstTap(remainder);
        return first < 0 ? 0 : (kernel - first + stride - 1) / stride;
    }

    /** Rows that a gradient's remainder has. */
    int count(int remainder) {
        return (in - remainder + stride - 1) / stride;
    }

    private int base(int remainder) {
        return (remainder + pad - firstTap(remainder) * dilation) / stride;
    }

    /** Zeros before the first row of gradOutput. */
    int gradientExtra() {
        int extra = 0;
        for (int r = 0; r < remainders(); r++) {
            if (taps(r) > 0) {
                extra = Math.max(extra, (taps(r) - 1) * dilation - base(r));
            }
        }
        return extra;
    }

    /** Furthest shift of a gradient's tap. */
    int gradientReach() {
        int reach = 0;
        for (int r = 0; r < remainders(); r++) {
            if (taps(r) > 0) {
                reach = Math.max(reach, base(r) + gradientExtra());
            }
        }
        return reach;
    }

    /** Rows of a plane of gradOutput. */
    int gradientSize() {
        int whole = count(0) + gradientReach();
        return Math.max(count(0), Math.max(whole - gradientExtra(), Math.min(whole, gradientExtra() + out)));
    }
}
