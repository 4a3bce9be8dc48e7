package dev.clave.data;

/**
 * Applies a {@link Transform} to images, with scratch memory of its own: one per worker thread, and no allocation per
 * image. The pixels of an image depend on seed, epoch and sample index only, not on batches or the number of workers.
 */
public final class Augmenter {
    private final Transform transform;
    private final int height;
    private final int width;
    private final int outputHeight;
    private final int outputWidth;
    private final Warp warp;
    private final float[] source;

    /**
     * For images of one size.
     *
     * @param transform changes an image
     * @param height rows of an image, 1 to 4096
     * @param width columns, 1 to 4096
     */
    public Augmenter(Transform transform, int height, int width) {
        if (height < 1 || width < 1 || height > 4096 || width > 4096) {
            throw new IllegalArgumentException(
                    "augmenter: images are 1x1 to 4096x4096 pixels, got " + height + "x" + width);
        }
        if (transform.margin() < 0 || transform.margin() > 4096) {
            throw new IllegalArgumentException("augmenter: a margin is 0 to 4096 pixels, got " + transform.margin());
        }
        this.transform = transform;
        this.height = height;
        this.width = width;
        this.outputHeight = height + 2 * transform.margin();
        this.outputWidth = width + 2 * transform.margin();
        this.warp = new Warp(height, width, transform.margin());
        this.source = new float[(height + 3) * (width + 3)];
    }

    /** {@return rows of an image that comes out} */
    public int outputHeight() {
        return outputHeight;
    }

    /** {@return columns of an image that comes out} */
    public int outputWidth() {
        return outputWidth;
    }

    /**
     * Changes a batch: image {@code order[first + i]} goes to place i.
     *
     * @param images bytes [count, height, width], 0 is background
     * @param order sample indices
     * @param first entry of order to begin with
     * @param live number of images
     * @param seed of the run
     * @param epoch the same image looks different in another epoch
     * @param out bytes [at least live, outputHeight, outputWidth]
     * @throws IllegalArgumentException when a range lies outside its array
     */
    public void apply(byte[] images, int[] order, int first, int live, long seed, int epoch, byte[] out) {
        if (first < 0 || live < 0 || first > order.length - live) {
            throw new IllegalArgumentException("augmenter: samples " + first + " to " + ((long) first + live)
                    + " of an order with " + order.length + " entries");
        }
        if ((long) live * outputHeight * outputWidth > out.length) {
            throw new IllegalArgumentException("augmenter: " + live + " images of " + outputHeight + "x" + outputWidth
                    + " do not fit into " + out.length + " bytes");
        }
        for (int i = 0; i < live; i++) {
            apply(images, order[first + i], seed, epoch, out, i * outputHeight * outputWidth);
        }
    }

    /**
     * Changes one image.
     *
     * @param images pixels of all images
     * @param sample index of the image
     * @param seed decides what is drawn
     * @param epoch which epoch, from 0
     * @param out takes the pixels of the new image
     * @param offset where the image begins in {@code out}
     * @throws IllegalArgumentException when a range lies outside its array
     */
    public void apply(byte[] images, int sample, long seed, int epoch, byte[] out, int offset) {
        int size = height * width;
        if (sample < 0 || (sample + 1L) * size > images.length) {
            throw new IllegalArgumentException("augmenter: image " + sample + " of " + height + "x" + width
                    + " lies outside " + images.length + " bytes (" + images.length / size + " images)");
        }
        if (offset < 0 || offset > out.length - outputHeight * outputWidth) {
            throw new IllegalArgumentException("augmenter: an image of " + outputHeight + "x" + outputWidth
                    + " at byte " + offset + " does not fit into " + out.length + " bytes");
        }
        warp.begin(seed, epoch, sample);
        transform.apply(warp);
        if (warp.height() != outputHeight || warp.width() != outputWidth) {
            throw new IllegalStateException("augmenter: the transform says margin " + transform.margin() + ", but made "
                    + warp.height() + "x" + warp.width() + " of " + height + "x" + width);
        }
        for (int row = 0; row < height; row++) {
            int to = (row + 1) * (width + 3) + 1;
            int from = (sample * height + row) * width;
            for (int column = 0; column < width; column++) {
                source[to + column] = images[from + column] & 255;
            }
        }
        warp.resample(source, out, offset);
    }
}
