package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
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

    private static final int MOST_TILES = 64;
    private static final int MOST_STEPS = 4096;
    private static final int PACKED_STEPS = 64;
    /** Work-items enough for eight per thread of a small machine; with fewer blocks they are cut. */
    private static final int ENOUGH = 32;

    /** Sizes of one product. */
    private record Blocks(
            VectorTile tile, int rowTiles, int columnTiles, boolean packA, boolean packB, int rows, int columns) {
        long items() {
            return (long) up(rows, rowTiles) * up(columns, columnTiles);
        }

        SortedMap<String, Integer> settings(int steps) {
            return new TreeMap<>(Map.of(
                    "MT",
                    tile.rows(),
                    "NT",
                    tile.vectors(),
                    "MB",
                    rowTiles,
                    "NB",
                    columnTiles,
                    "KC",
                    steps,
                    "PACK_A",
                    packA ? 1 : 0,
                    "PACK_B",
                    packB ? 1 : 0));
        }
    }

    private final Settings set;

    GemmPackedOpenCl() {
        this(Settings.NONE);
    }

    private GemmPackedOpenCl(Settings set) {
        this.set = set;
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return new GemmPackedOpenCl(Settings.of(name(), parameters, "MT", "NT", "MB", "NB", "KC", "PACK_A", "PACK_B"));
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        int vectorWidth = device.info().vectorWidth();
        DType real = problem.format().real();
        Blocks own = blocks(g, real, device);
        Settings.Space space = new Settings.Space(own.settings(STEPS));
        for (VectorTile tile : VectorTile.ranked(g.m(), g.n(), vectorWidth).subList(0, 3)) {
            Map<String, Integer> sizes = Map.of("MT", tile.rows(), "NT", tile.vectors());
            space.add(new GemmPackedOpenCl(new Settings(new TreeMap<>(sizes)))
                    .blocks(g, real, device)
                    .settings(STEPS));
        }
        space.but("PACK_B", own.packB() ? 1 : 0, own.packB() ? 0 : 1)
                .but("PACK_A", own.packA() ? 1 : 0, own.packA() ? 0 : 1);
        int mb = own.rowTiles();
        int nb = own.columnTiles();
        space.but("MB", mb, 2 * mb).but("MB", mb, up(mb, 2));
        space.but("NB", nb, 2 * nb).but("NB", nb, up(nb, 2));
        space.but("KC", STEPS, STEPS / 2).but("KC", STEPS, 2 * STEPS);
        return space.where(settings -> with(settings).refuses(problem, device) == null);
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
        DType real = problem.format().real();
        String illegal = illegal(g, real, device);
        if (illegal != null) {
            return illegal;
        }
        return workspace(g, blocks(g, real, device), real) > Integer.MAX_VALUE ? "too large for one workspace" : null;
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        return g.m() < 4 || g.n() < 8 ? "fewer than 4 rows or 8 columns do not pay for packing" : null;
    }

    private @Nullable String illegal(Gemm g, DType real, OpenClDevice device) {
        String reason = Settings.first(
                VectorTile.refuses(set, device.info().vectorWidth()),
                set.outside("MB", 1, MOST_TILES),
                set.outside("NB", 1, MOST_TILES),
                set.outside("KC", 1, MOST_STEPS),
                set.outside("PACK_A", 0, 1),
                set.outside("PACK_B", 0, 1));
        if (reason != null) {
            return reason;
        }
        Blocks blocks = blocks(g, real, device);
        if (!blocks.packA() && g.m() < blocks.tile().rows()) {
            return "PACK_A is 1 where a has fewer rows than MT, got 0";
        }
        return !blocks.packB() && (g.transB() || g.n() < blocks.tile().columns())
                ? "PACK_B is 1 where b is transposed or narrower than a tile, got 0"
                : null;
    }

    private Blocks blocks(Gemm g, DType real, OpenClDevice device) {
        VectorTile tile = VectorTile.of(set, g.m(), g.n(), device.info().vectorWidth(), real.bytes());
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
        return new Blocks(
                tile,
                set.get("MB", rowTiles),
                set.get("NB", columnTiles),
                set.get("PACK_A", packA ? 1 : 0) == 1,
                set.get("PACK_B", packB ? 1 : 0) == 1,
                rows,
                columns);
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
    private void define(Launch launch, Gemm g, DType real, Blocks blocks) {
        if (real == DType.F64) {
            launch.define("WIDE", 1).define("REAL", "double");
        }
        GemmOpenCl.options(launch, g)
                .define("W", blocks.tile().width())
                .define("MT", blocks.tile().rows())
                .define("NT", blocks.tile().vectors())
                .define("MB", blocks.rowTiles())
                .define("NB", blocks.columnTiles())
                .define("KC", set.get("KC", STEPS))
                .define("KP", PACKED_STEPS)
                .define("PACK_A", blocks.packA() ? 1 : 0)
                .define("PACK_B", blocks.packB() ? 1 : 0);
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
