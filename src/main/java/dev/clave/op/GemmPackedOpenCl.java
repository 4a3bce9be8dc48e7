package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The product by packed panels: a register tile of explicit vectors, blocks that stay in the caches. Small matrices whose
 * rows fit the tile are read where they lie.
 */
final class GemmPackedOpenCl implements OpenClCandidate {
    private static final String FILE = "gemm/packed";
    /** Size of a matrix up to which packing costs more than the scattered rows do; fitted, see bench/RESULTS.md. */
    private static final long IN_PLACE_BYTES = 4 << 20;

    private static final int ROW_TILES = 8;
    private static final int COLUMN_TILES = 4;
    /** Steps of K whose panel of b stays in a first-level cache of 32 KiB and more. */
    private static final int STEPS = 256;

    private static final int PACKED_STEPS = 64;
    /** Work-items enough for eight per thread of a small machine; with fewer blocks they are cut. */
    private static final int ENOUGH = 32;

    /** Sizes of one product. */
    private record Blocks(
            VectorTile tile, int rowTiles, int columnTiles, boolean packA, boolean packB, int rows, int columns) {
        long items() {
            return (long) up(rows, rowTiles) * up(columns, columnTiles);
        }
    }

    @Override
    public String name() {
        return "packed";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        if (device.isGpu()) {
            return "made for caches and vectors of a CPU";
        }
        if (g.m() < 4 || g.n() < 8) {
            return "fewer than 4 rows or 8 columns do not pay for packing";
        }
        DType real = problem.format().real();
        return workspace(g, blocks(g, real, device), real) > Integer.MAX_VALUE ? "too large for one workspace" : null;
    }

    private static Blocks blocks(Gemm g, DType real, OpenClDevice device) {
        VectorTile tile = VectorTile.choose(g.m(), g.n(), device.info().vectorWidth(), real.bytes());
        long inPlace = IN_PLACE_BYTES / real.bytes();
        int rows = up(g.m(), tile.rows());
        int columns = up(g.n(), tile.columns());
        int rowTiles = ROW_TILES;
        int columnTiles = COLUMN_TILES;
        while ((long) up(rows, rowTiles) * up(columns, columnTiles) < ENOUGH && rowTiles * columnTiles > 1) {
            if (rowTiles > columnTiles) {
                rowTiles /= 2;
            } else {
                columnTiles = (columnTiles + 1) / 2;
                rowTiles = columnTiles == 1 ? (rowTiles + 1) / 2 : rowTiles;
            }
        }
        boolean packA = g.m() < tile.rows() || (long) g.m() * g.lda() > inPlace;
        boolean packB = g.transB() || g.n() < tile.columns() || (long) g.k() * g.ldb() > inPlace;
        return new Blocks(tile, rowTiles, columnTiles, packA, packB, rows, columns);
    }

    /** In floats, as workspaces are counted. */
    private static long workspace(Gemm g, Blocks blocks, DType real) {
        long a = blocks.packA() ? ((long) blocks.rows() * blocks.tile().rows() * g.k() + 15) / 16 * 16 : 0;
        long b = blocks.packB() ? (long) blocks.columns() * blocks.tile().columns() * g.k() : 0;
        return (a + b) * (real.bytes() / Float.BYTES);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        DType real = problem.format().real();
        Blocks blocks = blocks(g, real, device);
        long workspace = workspace(g, blocks, real);
        int chunks = up(g.k(), PACKED_STEPS);
        List<Launch> launches = new ArrayList<>();
        if (blocks.packA()) {
            launches.add(new Launch(FILE, "gemm_pack_a")
                    .buffers("a")
                    .workspace("packed", workspace)
                    .ints(g.m(), g.k(), g.lda())
                    .tiles((long) blocks.rows() * chunks));
        }
        if (blocks.packB()) {
            launches.add(new Launch(FILE, "gemm_pack_b")
                    .buffers("b")
                    .workspace("packed", workspace)
                    .ints(g.m(), g.n(), g.k(), g.ldb())
                    .tiles((long) blocks.columns() * chunks));
        }
        Launch product = new Launch(FILE, "gemm_forward_packed").buffers("a", "b");
        if (g.bias()) {
            product.buffers("bias");
        }
        launches.add(product.buffers("c")
                .workspace("packed", workspace)
                .ints(g.m(), g.n(), g.k(), g.lda(), g.ldb(), g.ldc())
                .real(g.alpha())
                .real(g.beta())
                .tiles(blocks.items()));
        launches.forEach(launch -> define(launch, g, real, blocks));
        return launches;
    }

    /** One program serves all launches, so they have the same macros. */
    private static void define(Launch launch, Gemm g, DType real, Blocks blocks) {
        if (real == DType.F64) {
            launch.define("WIDE", 1).define("REAL", "double");
        }
        GemmOpenCl.options(launch, g)
                .define("W", blocks.tile().width())
                .define("MT", blocks.tile().rows())
                .define("NT", blocks.tile().vectors())
                .define("MB", blocks.rowTiles())
                .define("NB", blocks.columnTiles())
                .define("KC", STEPS)
                .define("KP", PACKED_STEPS)
                .define("PACK_A", blocks.packA() ? 1 : 0)
                .define("PACK_B", blocks.packB() ? 1 : 0);
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
