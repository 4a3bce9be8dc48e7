package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Candidates of gemm: packed panels, tiles in local memory, register tiles, and tiles of one as the reference. */
final class GemmOpenCl implements OpenClCandidate {
    private static final int ROWS = 4;
    private static final int COLUMNS = 16;

    private final boolean tiled;

    private GemmOpenCl(boolean tiled) {
        this.tiled = tiled;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(new GemmPackedOpenCl(), new GemmLocalOpenCl(), new GemmOpenCl(true), new GemmOpenCl(false));
    }

    @Override
    public String name() {
        return tiled ? "tiled" : "reference";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        return tiled && (g.m() < ROWS || g.n() < COLUMNS) ? "smaller than a tile of 4 x 16" : null;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        int mt = tiled ? ROWS : 1;
        int nt = tiled ? COLUMNS : 1;
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
                .define(
                        "ACTIVATION",
                        switch (g.epilogue()) {
                            case NONE -> 0;
                            case RELU -> 1;
                            case TANH -> 2;
                        });
    }
}
