package dev.clave.data;

/**
 * Labelled images.
 *
 * @param name for messages and reports
 * @param height pixels from top to bottom
 * @param width pixels from left to right
 * @param classes number of classes
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

    /**
     * {@return some of the images, in the order given}
     *
     * @param name of the new dataset
     * @param indices which images, from 0
     * @throws IndexOutOfBoundsException when an index is outside 0..size-1
     */
    public ImageDataset subset(String name, int... indices) {
        int size = height * width;
        byte[] chosen = new byte[Math.multiplyExact(indices.length, size)];
        int[] classes = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            classes[i] = labels[java.util.Objects.checkIndex(indices[i], labels.length)];
            System.arraycopy(pixels, indices[i] * size, chosen, i * size, size);
        }
        return new ImageDataset(name, height, width, this.classes, chosen, classes);
    }

    /** {@return number of images} */
    public int size() {
        return labels.length;
    }
}
