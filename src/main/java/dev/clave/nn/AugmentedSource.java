package dev.clave.nn;

import dev.clave.data.Augmenter;
import dev.clave.data.ImageDataset;
import dev.clave.data.Transform;

/** A dataset seen through random transforms; every thread has scratch memory of its own. */
final class AugmentedSource implements BatchSource {
    private final ImageDataset data;
    private final long seed;
    private final int height;
    private final int width;
    private final ThreadLocal<Augmenter> augmenters;

    AugmentedSource(ImageDataset data, Transform transform, long seed) {
        this.data = data;
        this.seed = seed;
        Augmenter first = new Augmenter(transform, data.height(), data.width());
        this.height = first.outputHeight();
        this.width = first.outputWidth();
        this.augmenters = ThreadLocal.withInitial(() -> new Augmenter(transform, data.height(), data.width()));
    }

    @Override
    public String name() {
        return data.name() + ", transformed";
    }

    @Override
    public int size() {
        return data.size();
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int classes() {
        return data.classes();
    }

    @Override
    public int sample(int epoch, int index, byte[] pixels, int offset) {
        augmenters.get().apply(data.pixels(), index, seed, epoch, pixels, offset);
        return data.labels()[index];
    }
}
