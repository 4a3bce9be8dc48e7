package dev.clave.onnx;

import dev.clave.nn.Value;
import org.jspecify.annotations.Nullable;

/**
 * What a name of the file stands for while a graph is made: numbers known already, or a value of the graph.
 *
 * @param offsets for whole numbers that say where max pooling found its maxima, else null
 */
record Item(
        String name,
        @Nullable OnnxTensor constant,
        @Nullable Value value,
        @Nullable Offsets offsets) {
    /**
     * Ours count within a plane, ONNX counts over the whole tensor.
     *
     * @param plane elements of an input plane, 0 when the numbers count over the whole tensor already
     * @param positions offsets per plane
     * @param width of the input plane when the file counts down its columns (storage_order 1), else 0
     */
    record Offsets(int plane, int positions, int width) {
        /** Offsets a caller gives, as ONNX counts. */
        static Offsets given() {
            return new Offsets(0, 1, 0);
        }

        /** The i-th of our offsets as ONNX counts; -1, found nowhere, stays. */
        long global(int i, int offset) {
            if (offset < 0) {
                return -1;
            }
            int within = width == 0 ? offset : offset % width * (plane / width) + offset / width;
            return (long) (i / positions) * plane + within;
        }
    }

    static Item of(OnnxTensor constant, String name) {
        return new Item(name, constant, null, null);
    }

    static Item of(String name, Value value) {
        return new Item(name, null, value, null);
    }
}
