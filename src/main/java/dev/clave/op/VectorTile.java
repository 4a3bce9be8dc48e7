package dev.clave.op;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Register tile of a product: {@code rows} broadcast numbers by {@code vectors} vectors of {@code width} lanes, all sums in
 * registers. 24 sums fit the 32 registers of AVX-512 beside the operands, 12 those of AVX2 and NEON.
 */
record VectorTile(int rows, int vectors, int width) {
    private static final int MOST_ROWS = 12;
    private static final int MOST_VECTORS = 8;
    private static final int[][] WIDE = {{12, 2}, {8, 3}, {6, 4}, {4, 6}, {3, 8}, {2, 8}, {1, 8}};
    private static final int[][] NARROW = {{6, 2}, {4, 3}, {3, 4}, {2, 6}, {1, 6}};

    /** The tile that covers m by n with the least work; the earlier one, which loads less, where they tie. */
    static VectorTile choose(int m, int n, int vectorWidth) {
        return choose(m, n, vectorWidth, Float.BYTES);
    }

    /** The same for elements of so many bytes; {@code vectorWidth} counts floats. */
    static VectorTile choose(int m, int n, int vectorWidth, int bytes) {
        VectorTile best = new VectorTile(1, 1, lanes(vectorWidth, bytes));
        double least = Double.MAX_VALUE;
        for (VectorTile tile : all(vectorWidth, bytes)) {
            double cost = tile.cost(m, n);
            if (cost < least * 0.999) {
                least = cost;
                best = tile;
            }
        }
        return best;
    }

    /** The tiles that a device's registers hold, the cheapest for m by n first. */
    static List<VectorTile> ranked(int m, int n, int vectorWidth) {
        List<VectorTile> tiles = all(vectorWidth, Float.BYTES);
        tiles.sort(Comparator.comparingDouble(tile -> tile.cost(m, n)));
        return tiles;
    }

    private static List<VectorTile> all(int vectorWidth, int bytes) {
        List<VectorTile> tiles = new ArrayList<>();
        for (int[] sizes : width(vectorWidth) == 16 ? WIDE : NARROW) {
            tiles.add(new VectorTile(sizes[0], sizes[1], lanes(vectorWidth, bytes)));
        }
        return tiles;
    }

    private static int lanes(int vectorWidth, int bytes) {
        return width(vectorWidth) * Float.BYTES / bytes;
    }

    /** Floats of a vector of a kernel: a device's own width where there is one. */
    static int width(int vectorWidth) {
        return vectorWidth >= 16 ? 16 : vectorWidth >= 8 ? 8 : 4;
    }

    private double cost(int m, int n) {
        double steps = Math.ceil((double) m / rows) * Math.ceil((double) n / columns());
        // A step takes its multiply-adds or its loads, two of each a cycle, and some of what does not overlap. A vector
        // that
        // does not start at a cache line counts as two loads.
        double multiplyAdds = rows * vectors;
        double loads = rows + 2 * vectors;
        return steps * (Math.max(multiplyAdds, loads) + (multiplyAdds + loads) / 4 + 1);
    }

    /** Why settings MT and NT are no tile of this width, null when they are. */
    static @Nullable String refuses(Settings settings, int vectorWidth) {
        String reason = Settings.first(settings.outside("MT", 1, MOST_ROWS), settings.outside("NT", 1, MOST_VECTORS));
        if (reason != null) {
            return reason;
        }
        if (settings.has("MT") != settings.has("NT")) {
            return "MT and NT are one tile: give both or none";
        }
        int sums = settings.get("MT", 1) * settings.get("NT", 1);
        int most = width(vectorWidth) == 16 ? 24 : 12;
        return sums > most ? "MT by NT is " + sums + " sums, the registers hold " + most : null;
    }

    /** The tile of the settings, or the model's. */
    static VectorTile of(Settings settings, int m, int n, int vectorWidth) {
        return of(settings, m, n, vectorWidth, Float.BYTES);
    }

    /** The same for elements of so many bytes. */
    static VectorTile of(Settings settings, int m, int n, int vectorWidth, int bytes) {
        return settings.has("MT")
                ? new VectorTile(settings.get("MT", 1), settings.get("NT", 1), lanes(vectorWidth, bytes))
                : choose(m, n, vectorWidth, bytes);
    }

    /** Numbers across the vectors. */
    int columns() {
        return vectors * width;
    }
}
