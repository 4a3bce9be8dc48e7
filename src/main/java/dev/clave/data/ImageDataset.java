package dev.clave.data;

/**
 * Labelled images.
 *
 * @param pixels bytes [count, height, width], 0 is background
 * @param labels classes [count], each in [0, classes)
 */
@SuppressWarnings("ArrayRecordComponent") // compared by identity only
public record ImageDataset(String name, int height, int width, int classes, byte[] pixels, int[] labels) {
    /** Checks sizes and labels. */
    public ImageDataset {
        if (pixels.length != (long) labels.length * height * width) {
            throw new IllegalArgumentException(name + ": " + labels.length + " labels need "
                    + (long) labels.length * height * width + " pixels, got " + pixels.length);
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new IllegalArgumentException(
                        name + ": label " + labels[i] + " of sample " + i + " is outside 0.." + (classes - 1));
            }
        }
    }

    /** Number of images. */
    public int size() {
        return labels.length;
    }
}
