package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Candidates of conv2d: register tiles over lanes, and the same text with tiles of one as the reference. */
final class Conv2dOpenCl implements OpenClCandidate {
    private final boolean tiled;

    private Conv2dOpenCl(boolean tiled) {
        this.tiled = tiled;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(
                new LinearWeightOpenCl(),
                new Conv2dPackedOpenCl(),
                new Conv2dPackedWeightOpenCl(),
                new Conv2dOpenCl(true),
                new Conv2dOpenCl(false));
    }

    @Override
    public String name() {
        return tiled ? "tiled" : "reference";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        if (!tiled) {
            return null;
        }
        if (problem.direction().equals("backwardBias")) {
            return "a bias gradient has no tile";
        }
        int segment = (g.window().kw() - 1) * g.window().dilationW() + 1;
        return segment > 16 ? "a row of " + segment + " inputs does not fit the registers" : null;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        Window win = g.window();
        int blocks = problem.format().blocks(g.n());
        int lanes = problem.format().lanes();
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        Launch launch = switch (problem.direction()) {
            case "forward" -> forward(g, blocks, kg, lanes);
            case "backwardInput" -> backwardInput(g, blocks, cg, lanes);
            case "backwardWeight" -> backwardWeight(g, cg, kg);
            default ->
                new Launch("conv2d", "conv2d_backward_bias")
                        .buffers("gradOutput", "gradBias")
                        .ints(blocks, g.k(), g.oh() * g.ow())
                        .tiles(g.k());
        };
        if (!problem.direction().equals("backwardBias")) {
            launch.ints(blocks, g.c(), g.h(), g.w(), g.k(), g.oh(), g.ow());
        }
        if (!tiled) {
            // The same macros in every direction: one program serves all.
            launch.define("KT", 1).define("CT", 1).define("WT", 1);
        }
        format(launch, problem.format())
                .window(win)
                .define("GROUPS", g.groups())
                .define("HAS_BIAS", g.bias() ? 1 : 0);
        return List.of(launch);
    }

    static Launch format(Launch launch, Format format) {
        if (format.real() == DType.F64) {
            launch.define("WIDE", 1);
        }
        return launch.define("REAL", format.real() == DType.F64 ? "double" : "float")
                .define("LANES", format.lanes());
    }

    private Launch index(Launch launch, long tiles) {
        return tiled ? launch.tiles(tiles) : launch.elements(tiles);
    }

    private Launch forward(Conv2d g, int blocks, int kg, int lanes) {
        ConvTile tile =
                tiled ? ConvTile.choose(g.ow(), kg, g.window(), g.window().strideW(), 0, lanes) : ConvTile.ONE;
        Launch launch = new Launch("conv2d", "conv2d_forward").buffers("input", "weight");
        if (g.bias()) {
            launch.buffers("bias");
        }
        launch.buffers("output").define("KT", tile.channels()).define("WT", tile.columns());
        return index(
                launch, (long) blocks * g.groups() * up(kg, tile.channels()) * g.oh() * up(g.ow(), tile.columns()));
    }

    private Launch backwardInput(Conv2d g, int blocks, int cg, int lanes) {
        int whole = g.window().strideW() == 1 && g.window().kw() > 1 ? g.ow() : 0;
        ConvTile tile = tiled ? ConvTile.choose(g.w(), cg, g.window(), 1, whole, lanes) : ConvTile.ONE;
        Launch launch = new Launch("conv2d", "conv2d_backward_input")
                .buffers("gradOutput", "weight", "gradInput")
                .define("CT", tile.channels())
                .define("WT", tile.columns());
        if (tiled && tile.columns() == g.w() && whole > 0) {
            launch.define("WHOLE_ROW", whole);
        }
        return index(launch, (long) blocks * g.groups() * up(cg, tile.channels()) * g.h() * up(g.w(), tile.columns()));
    }

    private Launch backwardWeight(Conv2d g, int cg, int kg) {
        int kt = tiled ? channels(kg, 4) : 1;
        int ct = tiled ? channels(cg, Math.max(1, 20 / (kt * g.window().kw()))) : 1;
        Launch launch = new Launch("conv2d", "conv2d_backward_weight")
                .buffers("input", "gradOutput", "gradWeight")
                .define("KT", kt)
                .define("CT", ct);
        return index(
                launch, (long) g.groups() * up(kg, kt) * up(cg, ct) * g.window().kh());
    }

    /** Channels per tile: the largest divisor up to the limit, else the limit with a guarded tail. */
    private static int channels(int count, int limit) {
        int most = Math.max(1, Math.min(limit, 8));
        for (int tile = most; tile > most / 2; tile--) {
            if (count % tile == 0) {
                return tile;
            }
        }
        return Math.min(most, count);
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
