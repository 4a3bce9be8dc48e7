package dev.clave.nn;

import dev.clave.data.ImageDataset;
import dev.clave.data.Transform;

/**
 * Samples prepared on the host: images of bytes with a label. {@link #sample} is called from several threads at once when
 * there are workers, and must depend on its arguments only, so that the number of workers and a resumed run change nothing.
 */
public interface BatchSource {
    /** For messages. */
    String name();

    /** Number of samples. */
    int size();

    /** Pixels from top to bottom. */
    int height();

    /** Pixels from left to right. */
    int width();

    /** Number of classes. */
    int classes();

    /**
     * Writes the pixels of a sample, height * width bytes from offset on, and returns its label in [0, classes).
     *
     * @param epoch counted over the life of the model, from 0
     */
    int sample(int epoch, int index, byte[] pixels, int offset);

    /** A dataset as it is; its pixels stay on the device. */
    static BatchSource of(ImageDataset data) {
        return new Resident(data);
    }

    /** A dataset whose images are changed anew in every epoch. */
    static BatchSource augmented(ImageDataset data, Transform transform, long seed) {
        return new AugmentedSource(data, transform, seed);
    }

    /** See {@link #of}. */
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
