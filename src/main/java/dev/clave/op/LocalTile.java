package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tile of a product in local memory, for GPUs: a work-group computes {@code rows} by {@code columns}, {@code steps} of the sum at
 * a time; a work-item holds {@code rowsEach} by {@code columnsEach} sums.
 */
record LocalTile(int rows, int columns, int steps, int rowsEach, int columnsEach) {
    private static final LocalTile LARGE = new LocalTile(128, 128, 16, 8, 8);
    private static final LocalTile MEDIUM = new LocalTile(64, 64, 16, 4, 4);
    private static final LocalTile SMALL = new LocalTile(32, 32, 16, 4, 4);

    /** Largest first. */
    static final List<LocalTile> ALL = List.of(LARGE, MEDIUM, SMALL);

    /** Work-groups that keep a large GPU busy; with fewer a smaller tile makes more of them. */
    private static final long ENOUGH = 256;

    /** The largest tile that the device holds and that leaves it enough work-groups; the smallest always counts as chosen. */
    static LocalTile choose(long rows, long columns, OpenClDevice device) {
        for (LocalTile tile : ALL) {
            if (tile.refuses(device) == null && tile.tiles(rows, columns) >= ENOUGH) {
                return tile;
            }
        }
        return SMALL;
    }

    /** Why the device cannot hold it, null when it can. */
    @Nullable
    String refuses(OpenClDevice device) {
        if (device.maxWorkGroup() < group()) {
            return "work-groups of " + device.maxWorkGroup() + " work-items, " + group() + " are needed";
        }
        return device.localMemory() < bytes()
                ? device.localMemory() + " bytes of local memory, " + bytes() + " are needed"
                : null;
    }

    int group() {
        return rows / rowsEach * (columns / columnsEach);
    }

    private long bytes() {
        return 4L * steps * (rows + 1 + columns + 1);
    }

    long tiles(long m, long n) {
        return (m + rows - 1) / rows * ((n + columns - 1) / columns);
    }

    Launch define(Launch launch) {
        return launch.define("BM", rows)
                .define("BN", columns)
                .define("BK", steps)
                .define("TM", rowsEach)
                .define("TN", columnsEach);
    }
}
