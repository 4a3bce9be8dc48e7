package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Candidates of conv2d: register tiles over lanes, and the same text with tiles of one as the reference. */
final class Conv2dOpenCl implements OpenClCandidate {
    /** Accumulators and operands that fit the 32 vector registers of an AVX-512 core; more of them spill. */
    private static final int REGISTERS = 28;

    private final boolean tiled;

    private Conv2dOpenCl(boolean tiled) {
        this.tiled = tiled;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(new Conv2dOpenCl(true), new Conv2dOpenCl(false));
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
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        Launch launch = switch (problem.direction()) {
            case "forward" -> forward(g, blocks, kg);
            case "backwardInput" -> backwardInput(g, blocks, cg);
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

    private Launch forward(Conv2d g, int blocks, int kg) {
        Window win = g.window();
        int wt = tiled ? columns(g.ow()) : 1;
        int segment = (wt - 1) * win.strideW() + (win.kw() - 1) * win.dilationW() + 1;
        int kt = tiled ? channels(kg, (REGISTERS - segment) / wt) : 1;
        Launch launch = new Launch("conv2d", "conv2d_forward").buffers("input", "weight");
        if (g.bias()) {
            launch.buffers("bias");
        }
        launch.buffers("output").define("KT", kt).define("WT", wt);
        return index(launch, (long) blocks * g.groups() * up(kg, kt) * g.oh() * up(g.ow(), wt));
    }

    private Launch backwardInput(Conv2d g, int blocks, int cg) {
        int wt = tiled ? columns(g.w()) : 1;
        int segment = (wt - 1) + (g.window().kw() - 1) * g.window().dilationW() + 1;
        int ct = tiled ? channels(cg, (REGISTERS - segment) / wt) : 1;
        Launch launch = new Launch("conv2d", "conv2d_backward_input")
                .buffers("gradOutput", "weight", "gradInput")
                .define("CT", ct)
                .define("WT", wt);
        return index(launch, (long) blocks * g.groups() * up(cg, ct) * g.h() * up(g.w(), wt));
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

    /** Columns per tile: a divisor of the width where a small one exists. */
    private static int columns(int width) {
        return width % 4 == 0 || width > 8 ? 4 : Math.min(width, 2);
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
