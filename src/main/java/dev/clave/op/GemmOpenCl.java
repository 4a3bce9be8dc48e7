package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Candidates of gemm: packed panels, tiles in local memory, register tiles, and tiles of one as the reference. */
final class GemmOpenCl implements OpenClCandidate {
    private static final int ROWS = 4;
    private static final int COLUMNS = 16;

    private static final int MOST_SUMS = 128;

    private final boolean tiled;
    private final Settings set;

    private GemmOpenCl(boolean tiled, Settings set) {
        this.tiled = tiled;
        this.set = set;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(
                new GemmPackedOpenCl(),
                new GemmLocalOpenCl(),
                new GemmOpenCl(true, Settings.NONE),
                new GemmOpenCl(false, Settings.NONE));
    }

    @Override
    public String name() {
        return tiled ? "tiled" : "reference";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        if (!tiled) {
            return null;
        }
        String reason = Settings.first(set.outside("MT", 1, 8), set.outside("NT", 1, 32));
        if (reason != null) {
            return reason;
        }
        int rows = set.get("MT", ROWS);
        int columns = set.get("NT", COLUMNS);
        return rows * columns > MOST_SUMS ? "MT by NT is at most " + MOST_SUMS + ", got " + rows * columns : null;
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        int rows = set.get("MT", ROWS);
        int columns = set.get("NT", COLUMNS);
        return tiled && (g.m() < rows || g.n() < columns) ? "smaller than a tile of " + rows + " x " + columns : null;
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return tiled
                ? new GemmOpenCl(true, Settings.of(name(), parameters, "MT", "NT"))
                : OpenClCandidate.super.with(parameters);
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        if (!tiled) {
            return List.of(Map.of());
        }
        Settings.Space space = new Settings.Space(new TreeMap<>(Map.of("MT", ROWS, "NT", COLUMNS)));
        for (int[] tile : new int[][] {{1, 16}, {2, 16}, {6, 16}, {4, 8}, {8, 8}, {2, 32}}) {
            space.add(new TreeMap<>(Map.of("MT", tile[0], "NT", tile[1])));
        }
        return space.where(settings -> with(settings).declines(problem, device) == null);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        int mt = tiled ? set.get("MT", ROWS) : 1;
        int nt = tiled ? set.get("NT", COLUMNS) : 1;
        long tiles = (long) ((g.m() + mt - 1) / mt) * ((g.n() + nt - 1) / nt);
        Launch launch = options(new Launch("gemm", "gemm_forward"), g).buffers("a", "b");
        if (g.bias()) {
            launch.buffers("bias");
        }
        launch.buffers("c")
                .ints(g.m(), g.n(), g.k(), g.lda(), g.ldb(), g.ldc())
                .real(g.alpha())
                .real(g.beta())
                .define("MT", mt)
                .define("NT", nt);
        return List.of(Conv2dOpenCl.format(tiled ? launch.tiles(tiles) : launch.elements(tiles), problem.format()));
    }

    /** Macros of what is computed. */
    static Launch options(Launch launch, Gemm g) {
        return launch.define("TRANS_A", g.transA() ? 1 : 0)
                .define("TRANS_B", g.transB() ? 1 : 0)
                .define("HAS_BIAS", g.bias() ? 1 : 0)
                .define("HAS_BETA", g.beta() == 0 ? 0 : 1)
                .choice("ACTIVATION", g.epilogue());
    }
}
