package dev.clave.op;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Register tile of a convolution: how many columns of a row and how many channels one work-item accumulates.
 *
 * <p>Chosen by a model of one pass over a kernel row: multiply-adds and loads, two of each a cycle, plus an eighth of both for
 * what does not overlap; times the tiles that cover the problem, so that a tail costs what it wastes. The figures it was
 * fitted to are in bench/RESULTS.md.
 */
record ConvTile(int columns, int channels) {
    /** Vector registers of AVX-512, and of AVX2 or NEON. */
    private static final int WIDE_REGISTERS = 32;

    private static final int REGISTERS = 16;

    /** What a row of a pooled tile costs beside its multiply-adds: addresses, bounds, inputs that wait. */
    private static final double ROW_CYCLES = 12;

    static final ConvTile ONE = new ConvTile(1, 1);

    /**
     * The cheapest tile.
     *
     * @param width columns of the tensor that is written, count its channels in a group
     * @param stride columns of the tensor that is read for one step of what is written
     * @param whole columns of the tensor that is read when a tile that is a whole row skips what lies beyond them, else 0
     */
    static ConvTile choose(int width, int count, Window window, int stride, int whole, int lanes) {
        return ranked(width, count, window, stride, whole, lanes).get(0);
    }

    /** The tiles that the registers hold, the cheapest first. */
    static List<ConvTile> ranked(int width, int count, Window window, int stride, int whole, int lanes) {
        int registers = registers(lanes);
        List<Costed> tiles = new ArrayList<>();
        for (int columns = 1; columns <= Math.min(width, 16); columns++) {
            int segment = (columns - 1) * stride + (window.kw() - 1) * window.dilationW() + 1;
            for (int channels = 1; channels <= Math.min(count, 8); channels++) {
                if (channels > 1 && channels * columns + segment > registers) {
                    break;
                }
                boolean skips = whole > 0 && columns == width;
                double multiplyAdds = (double) channels * window.kw() * (skips ? Math.min(whole, columns) : columns);
                double loads = (skips ? whole : segment) + (double) channels * window.kw();
                double cycles = Math.max(multiplyAdds, loads) / 2 + (multiplyAdds + loads) / 8;
                // Weights of four channels and more push sums out of the registers.
                double spill = channels >= 4 || columns + segment > registers ? 1.1 : 1;
                double cost = cycles * spill * up(width, columns) * up(count, channels);
                tiles.add(new Costed(new ConvTile(columns, channels), cost));
            }
        }
        return sorted(tiles);
    }

    /**
     * The tiles of whole pooling windows that the registers hold, the cheapest first: {@link #columns} counts pooled columns, and all rows of a window are held.
     *
     * @param width columns of the pooled tensor, count its channels in a group
     */
    static List<ConvTile> rankedPooled(int width, int count, Window window, Window pool, int lanes) {
        int registers = registers(lanes);
        List<Costed> tiles = new ArrayList<>();
        for (int columns = 1; columns <= Math.min(width, 8); columns++) {
            int across = columns * pool.kw();
            int segment = (across - 1) * window.strideW() + (window.kw() - 1) * window.dilationW() + 1;
            for (int channels = 1; channels <= Math.min(count, 8); channels++) {
                int sums = channels * pool.kh() * across;
                // Inputs may come from memory one by one, sums may not.
                if (channels * columns > 1 && sums > registers * 3 / 4) {
                    break;
                }
                double multiplyAdds = (double) channels * across * window.kw();
                double loads = segment + (double) channels * window.kw();
                double cycles = Math.max(multiplyAdds, loads) / 2 + ROW_CYCLES;
                double cost = cycles * up(width, columns) * up(count, channels);
                tiles.add(new Costed(new ConvTile(columns, channels), cost));
            }
        }
        return sorted(tiles);
    }

    /** Vector registers, as far as the layout tells. */
    static int registers(int lanes) {
        return lanes == 16 ? WIDE_REGISTERS : REGISTERS;
    }

    private record Costed(ConvTile tile, double cost) {}

    /** In the order of their cost, those that tie in the order they came in. */
    private static List<ConvTile> sorted(List<Costed> tiles) {
        tiles.sort(Comparator.comparingDouble(Costed::cost));
        return tiles.stream().map(Costed::tile).toList();
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
