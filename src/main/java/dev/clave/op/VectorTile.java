package dev.clave.op;

/**
 * Register tile of a product: {@code rows} broadcast numbers by {@code vectors} vectors of {@code width} lanes, all sums in
 * registers. 24 sums fit the 32 registers of AVX-512 beside the operands, 12 those of AVX2 and NEON.
 */
record VectorTile(int rows, int vectors, int width) {
    private static final int[][] WIDE = {{12, 2}, {8, 3}, {6, 4}, {4, 6}, {3, 8}, {2, 8}, {1, 8}};
    private static final int[][] NARROW = {{6, 2}, {4, 3}, {3, 4}, {2, 6}, {1, 6}};

    /** The tile that covers m by n with the least work; the earlier one, which loads less, where they tie. */
    static VectorTile choose(int m, int n, int vectorWidth) {
        return choose(m, n, vectorWidth, Float.BYTES);
    }

    /** The same for elements of so many bytes; {@code vectorWidth} counts floats. */
    static VectorTile choose(int m, int n, int vectorWidth, int bytes) {
        int floats = vectorWidth >= 16 ? 16 : vectorWidth >= 8 ? 8 : 4;
        int width = floats * Float.BYTES / bytes;
        VectorTile best = new VectorTile(1, 1, width);
        double least = Double.MAX_VALUE;
        for (int[] sizes : floats == 16 ? WIDE : NARROW) {
            VectorTile tile = new VectorTile(sizes[0], sizes[1], width);
            double steps = Math.ceil((double) m / tile.rows()) * Math.ceil((double) n / tile.columns());
            // A step takes its multiply-adds or its loads, two of each a cycle, and some of what does not overlap. A
            // vector
            // that does not start at a cache line counts as two loads.
            double multiplyAdds = tile.rows() * tile.vectors();
            double loads = tile.rows() + 2 * tile.vectors();
            double cost = steps * (Math.max(multiplyAdds, loads) + (multiplyAdds + loads) / 4 + 1);
            if (cost < least * 0.999) {
                least = cost;
                best = tile;
            }
        }
        return best;
    }

    /** Numbers across the vectors. */
    int columns() {
        return vectors * width;
    }
}
