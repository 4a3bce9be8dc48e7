package dev.clave.op;

/**
 * The planes that a packed convolution reads, see kernels/conv2d/packed.cl: the source with zeros around each image, one
 * plane per channel and phase.
 *
 * @param gradient whether the source is gradOutput
 * @param inPlace whether the source is read where it lies
 * @param flat whether an image is one long row: a 1x1 window of stride 1 without padding
 * @param ph rows of an image in a plane, pw columns
 */
record ConvPlanes(
        Conv2d g,
        boolean gradient,
        int blocks,
        int lanes,
        boolean flat,
        boolean inPlace,
        int ph,
        int pw,
        int extraTop,
        int extraLeft) {
    static final String FILE = "conv2d/packed";
    /** Elements one work-item copies at least. */
    private static final int COPIED = 4096;
    /** Elements that the last vectors read beyond the last place. */
    private static final int BEYOND = 256;
    /** Places of the widest tile: an image of fewer is not read in place. */
    private static final int WIDEST = 128;

    static ConvPlanes of(Conv2d g, boolean gradient, Format format) {
        Window w = g.window();
        boolean flat = w.kh() == 1
                && w.kw() == 1
                && w.strideH() == 1
                && w.strideW() == 1
                && w.padTop() == 0
                && w.padLeft() == 0
                && w.padBottom() == 0
                && w.padRight() == 0;
        int lanes = format.lanes();
        int blocks = format.blocks(g.n());
        if (flat) {
            // Tiles that end with each image waste more than a copy costs when images are small.
            boolean large = g.h() * g.w() * lanes >= WIDEST;
            return new ConvPlanes(g, gradient, blocks, lanes, true, large, 1, g.h() * g.w(), 0, 0);
        }
        ConvAxis rows = ConvAxis.rows(g);
        ConvAxis columns = ConvAxis.columns(g);
        return gradient
                ? new ConvPlanes(
                        g,
                        true,
                        blocks,
                        lanes,
                        false,
                        false,
                        rows.gradientSize(),
                        columns.gradientSize(),
                        rows.gradientExtra(),
                        columns.gradientExtra())
                : new ConvPlanes(g, false, blocks, lanes, false, false, rows.size(), columns.size(), 0, 0);
    }

    /** The same, read where it lies when it is flat: for a product that does not care where images end. */
    ConvPlanes inPlaceWhenFlat() {
        return new ConvPlanes(g, gradient, blocks, lanes, flat, flat, ph, pw, extraTop, extraLeft);
    }

    int phasesH() {
        return gradient ? 1 : ConvAxis.rows(g).phases();
    }

    int phasesW() {
        return gradient ? 1 : ConvAxis.columns(g).phases();
    }

    int channels() {
        return gradient ? g.k() : g.c();
    }

    /** Places that tiles cover together. */
    long places() {
        return (inPlace ? 1L : blocks) * ph * pw * lanes;
    }

    private int slack() {
        int down =
                gradient ? ConvAxis.rows(g).gradientReach() : ConvAxis.rows(g).reach();
        int right = gradient
                ? ConvAxis.columns(g).gradientReach()
                : ConvAxis.columns(g).reach();
        return flat ? BEYOND : (down * pw + right + 1) * lanes + BEYOND;
    }

    /** Elements of the workspace. */
    long elements() {
        return inPlace ? 0 : (long) channels() * phasesH() * phasesW() * places() + slack();
    }

    /** Adds what the planes are read from: the source itself, or the workspace. */
    Launch source(Launch launch) {
        return inPlace ? launch.buffers(sourceName()) : launch.workspace("planes", elements());
    }

    private String sourceName() {
        return gradient ? "gradOutput" : "input";
    }

    /** The launch that fills the workspace. */
    Launch copy() {
        return copy(sourceName());
    }

    /** The same from a tensor that stands for the input. */
    Launch copy(String source) {
        int h = flat ? 1 : gradient ? g.oh() : g.h();
        int w = flat ? g.h() * g.w() : gradient ? g.ow() : g.w();
        int images = Math.max(1, Math.min(blocks, COPIED / (ph * pw * lanes)));
        int chunks = (blocks + images - 1) / images;
        return define(new Launch(FILE, "conv2d_planes"))
                .buffers(source)
                .workspace("planes", elements())
                .ints(blocks, images, channels(), h, w, ph, pw, extraTop, extraLeft, slack())
                .tiles((long) channels() * phasesH() * phasesW() * chunks);
    }

    /** Macros of the planes and of the convolution. */
    Launch define(Launch launch) {
        return launch.window(g.window())
                .define("LANES", lanes)
                .define("GROUPS", g.groups())
                .define("PHASES_H", phasesH())
                .define("PHASES_W", phasesW())
                .define("GRADIENT", gradient ? 1 : 0)
                .define("IN_PLACE", inPlace ? 1 : 0);
    }
}
