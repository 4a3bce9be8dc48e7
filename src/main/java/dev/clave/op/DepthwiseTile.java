package dev.clave.op;

import org.jspecify.annotations.Nullable;

/**
 * What a depthwise convolution works on at a time, see kernels/conv2d/depthwise.cl.
 *
 * @param rows of the tensor that is written, gradOutput for a weight gradient, columns of it; sums rows whose sums are held at
 *     a time; width floats of a vector
 */
record DepthwiseTile(int rows, int columns, int sums, int width) {
    /** Floats of the copy that stays in a first-level cache of 32 KiB beside what is written. */
    private static final int FLOATS = 6144;

    /** Floats of a copy that a private array may have at most. */
    static final int MOST_FLOATS = 1 << 14;

    /** Rows below which a tile is rather cut in columns: the rows it shares with the next one are copied twice. */
    private static final int FEW_ROWS = 4;

    /** Floats up to which a tile has whole rows: a run through memory is worth more than the first-level cache. */
    private static final int WHOLE = 12288;

    private static final int MOST_SUMS = 4;

    /** The model's choice. */
    static DepthwiseTile choose(Conv2d g, String direction, int lanes, int vectorWidth, Settings set) {
        boolean gradient = direction.equals("backwardInput");
        int height = gradient ? g.h() : g.oh();
        int across = gradient ? g.w() : g.ow();
        int strideH = gradient ? g.window().strideH() : 1;
        int strideW = gradient ? g.window().strideW() : 1;
        int most = VectorTile.width(vectorWidth);
        // A row of fewer floats leaves lanes of a wide vector idle.
        int row = up(across, strideW) * lanes;
        int width = row <= most / 4 ? most / 4 : row <= most / 2 ? most / 2 : most;
        width = Math.max(4, width);
        if (strideW > 1 && lanes >= 4) {
            // Columns of a gradient that lie apart: a vector is written in one piece.
            width = Math.min(width, lanes);
        }
        int unit = strideW * Math.max(1, width / lanes);
        int few = Math.min(height, FEW_ROWS);
        int columns = across;
        for (int cuts = 2; columns > unit && floats(g, gradient, lanes, few, columns, width) > WHOLE; cuts++) {
            columns = Math.min(across, up(up(across, cuts), unit) * unit);
        }
        columns = set.get("OC", columns);
        int rows = height;
        for (int cuts = 2; rows > few && floats(g, gradient, lanes, rows, columns, width) > FLOATS; cuts++) {
            rows = up(height, cuts);
        }
        int sums = set.get("RT", sums(set.get("OT", rows), strideH, gradient ? strideW : 1));
        return new DepthwiseTile(set.get("OT", up(rows, sums) * sums), columns, sums, width);
    }

    /** Rows of sums: as many as are held without a rest, else most with one. */
    private static int sums(int rows, int strideH, int strideW) {
        int most = Math.max(strideH, MOST_SUMS / strideW);
        for (int sums = most; sums > most / 2; sums--) {
            if (rows % sums == 0 && sums % strideH == 0) {
                return sums;
            }
        }
        return up(Math.min(rows, most), strideH) * strideH;
    }

    /** Why it is no tile of a convolution, null when it is. */
    static @Nullable String illegal(Conv2d g, String direction, int lanes, DepthwiseTile tile) {
        boolean gradient = direction.equals("backwardInput");
        int across = gradient ? g.w() : g.ow();
        int strideW = gradient ? g.window().strideW() : 1;
        int strideH = gradient ? g.window().strideH() : 1;
        if (tile.rows % tile.sums != 0 || tile.sums % strideH != 0) {
            return "OT " + tile.rows + " is a multiple of RT " + tile.sums + ", that of " + strideH;
        }
        if (tile.columns != across && tile.columns % strideW != 0) {
            return "OC is " + across + " or a multiple of " + strideW + ", got " + tile.columns;
        }
        return floats(g, gradient, lanes, tile.rows, tile.columns, tile.width) > MOST_FLOATS
                ? "the window reaches too far for a tile in a first-level cache"
                : null;
    }

    /** Floats of the copy of a tile. */
    private static long floats(Conv2d g, boolean gradient, int lanes, int rows, int columns, int width) {
        ConvAxis down = ConvAxis.rows(g);
        ConvAxis right = ConvAxis.columns(g);
        long high = gradient
                ? Math.floorDiv(rows - 1 + down.pad(), down.stride()) - first(down) + 1L
                : (rows - 1L) * down.stride() + (down.kernel() - 1L) * down.dilation() + 1;
        int phases = gradient ? 1 : right.phases();
        long reach = gradient
                ? Math.floorDiv(right.stride() - 1 + right.pad(), right.stride()) - first(right)
                : right.reach();
        long held = gradient ? up(columns, right.stride()) : columns;
        return high * phases * width * ((held * lanes + width - 1) / width + (reach * lanes + width - 1) / width);
    }

    /** Row of gradOutput that the last tap of row 0 reads. */
    private static int first(ConvAxis axis) {
        return Math.floorDiv(axis.pad() - (axis.kernel() - 1) * axis.dilation(), axis.stride());
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
