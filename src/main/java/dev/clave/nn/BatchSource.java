package dev.clave.nn;

import dev.clave.data.ImageDataset;
import dev.clave.data.Transform;

/**
 * Samples prepared on the host: images of bytes with a label. {@link #sample} is called from several threads at once when
 * there are workers, and must depend on its arguments only, so that the number of workers and a resumed run change nothing.
 */
public interface BatchSource {
    /**
     * For messages.
     *
     * @return the text
     */
    String name();

    /** {@return number of samples} */
    int size();

    /** {@return pixels from top to bottom} */
    int height();

    /** {@return pixels from left to right} */
    int width();

    /** {@return number of classes} */
    int classes();

    /**
     * Writes the pixels of a sample, height * width bytes from offset on, and returns its label in [0, classes).
     *
     * @param epoch counted over the life of the model, from 0
     * @param index which sample, from 0
     * @param pixels takes the pixels
     * @param offset where in pixels the image begins
     * @return the label
     */
    int sample(int epoch, int index, byte[] pixels, int offset);

    /**
     * {@return a dataset as it is; its pixels stay on the device}
     *
     * @param data the images
     */
    static BatchSource of(ImageDataset data) {
        return new Resident(data);
    }

    /**
     * {@return a dataset whose images are changed anew in every epoch}
     *
     * @param data the images
     * @param transform changes an image
     * @param seed decides what is drawn; the same seed draws the same
     */
    static BatchSource augmented(ImageDataset data, Transform transform, long seed) {
        return new AugmentedSource(data, transform, seed);
    }

    /**
     * See {@link #of}.
     *
     * @param data the images
     */
    record Resident(ImageDataset data) implements BatchSource {
        @Override
        public String name() {
            return data.name();
        }

        @Override
        public int size() {
            return data.size();
        }

        @Override
        public int height() {
            return data.height();
        }

        @Override
        public int width() {
            return data.width();
        }

        @Override
        public int classes() {
            return data.classes();
        }

        @Override
        public int sample(int epoch, int index, byte[] pixels, int offset) {
            int size = data.height() * data.width();
            System.arraycopy(data.pixels(), index * size, pixels, offset, size);
            return data.labels()[index];
        }
    }
}
