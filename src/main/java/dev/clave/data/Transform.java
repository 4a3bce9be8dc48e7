package dev.clave.data;

/**
 * A change of the geometry of an image, usually random: calls methods of the {@link Warp} it is given, and draws random
 * numbers from it and from nowhere else. Keeps no state, so that any thread may run it on any sample.
 *
 * <pre>{@code
 * Transform tilt = warp -> warp.rotate(warp.uniform(-5, 5));
 * }</pre>
 */
@FunctionalInterface
public interface Transform {
    /**
     * Changes one image.
     *
     * @param warp gathers the change of an image
     */
    void apply(Warp warp);

    /** {@return pixels this adds on each of the four sides, the same for every image; 0 unless it pads} */
    default int margin() {
        return 0;
    }
}
