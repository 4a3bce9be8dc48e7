package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Candidates of conv2d: register tiles over lanes, and the same text with tiles of one as the reference. */
final class Conv2dOpenCl implements OpenClCandidate {
    private static final int MOST_TILES = 12;
    /** Most channels by channels of a tile of weights, times the kernel's width. */
    private static final int MOST_WEIGHTS = 32;

    private final boolean tiled;
    private final Settings set;

    private Conv2dOpenCl(boolean tiled, Settings set) {
        this.tiled = tiled;
        this.set = set;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(
                new LinearWeightOpenCl(),
                new Conv2dDepthwiseOpenCl(),
                new Conv2dWinogradOpenCl(),
                new Conv2dPackedOpenCl(),
                new Conv2dPackedWeightOpenCl(),
                new Conv2dImplicitOpenCl(),
                new Conv2dWinograd1dOpenCl(),
                new Conv2dOpenCl(true, Settings.NONE),
                new Conv2dOpenCl(false, Settings.NONE));
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
        return segment > 16
                ? "a row of " + segment + " inputs does not fit the registers"
                : illegal(problem.direction(), g, problem.format().lanes());
    }

    /** Why the settings are no tile of the direction, null when they are. */
    private @Nullable String illegal(String direction, Conv2d g, int lanes) {
        if (set.isEmpty()) {
            return null;
        }
        boolean weights = direction.equals("backwardWeight");
        List<String> names = names(direction);
        if (!set.values().keySet().equals(new TreeSet<>(names))) {
            return "the tile of " + direction + " is " + names + ", got "
                    + set.values().keySet();
        }
        String reason = Settings.first(
                set.outside("KT", 1, Math.min(8, g.k() / g.groups())),
                set.outside("CT", 1, Math.min(8, g.c() / g.groups())),
                set.outside("WT", 1, Math.min(16, direction.equals("forward") ? g.ow() : g.w())));
        if (reason != null) {
            return reason;
        }
        int sums = set.get(names.get(0), 1) * set.get(names.get(1), 1);
        int most = weights ? Math.max(4, MOST_WEIGHTS / g.window().kw()) : ConvTile.registers(lanes);
        return sums > most ? names + " is " + sums + " sums, the registers hold " + most : null;
    }

    private static List<String> names(String direction) {
        return switch (direction) {
            case "forward" -> List.of("KT", "WT");
            case "backwardInput" -> List.of("CT", "WT");
            default -> List.of("KT", "CT");
        };
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return tiled
                ? new Conv2dOpenCl(true, Settings.of(name(), parameters, "KT", "CT", "WT"))
                : OpenClCandidate.super.with(parameters);
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        if (!tiled) {
            return List.of(Map.of());
        }
        Conv2d g = (Conv2d) problem.geometry();
        int lanes = problem.format().lanes();
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        List<Map<String, Integer>> tiles = new ArrayList<>();
        if (problem.direction().equals("backwardWeight")) {
            int kt = channels(kg, 4);
            int ct = channels(cg, weightChannels(kt, g));
            for (int[] tile : new int[][] {
                {kt, ct},
                {kt, ct + 1},
                {kt + 1, ct},
                {kt, up(ct, 2)},
                {up(kt, 2), ct},
                {up(kt, 2), 2 * ct},
                {2 * kt, ct}
            }) {
                tiles.add(new TreeMap<>(Map.of("KT", tile[0], "CT", tile[1])));
            }
        } else {
            boolean forward = problem.direction().equals("forward");
            List<ConvTile> ranked = forward
                    ? ConvTile.ranked(g.ow(), kg, g.window(), g.window().strideW(), 0, lanes)
                    : ConvTile.ranked(g.w(), cg, g.window(), 1, whole(g), lanes);
            ranked.stream()
                    .limit(MOST_TILES)
                    .forEach(tile -> tiles.add(
                            new TreeMap<>(Map.of(forward ? "KT" : "CT", tile.channels(), "WT", tile.columns()))));
        }
        Settings.Space space = new Settings.Space(tiles.get(0));
        tiles.forEach(space::add);
        return space.where(settings -> with(settings).refuses(problem, device) == null);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        int blocks = problem.format().blocks(g.n());
        int lanes = problem.format().lanes();
        int cg = g.c() / g.groups();
        int kg = g.k() / g.groups();
        Launch launch = switch (problem.direction()) {
            case "forward" -> forward(g, blocks, kg, lanes);
            case "backwardInput" -> backwardInput(g, blocks, cg, lanes);
            case "backwardWeight" -> backwardWeight(g, cg, kg);
            default -> new Launch("conv2d", "conv2d_backward_bias").buffers("gradOutput");
        };
        if (problem.direction().equals("backwardBias")) {
            return bias(launch, problem, g, blocks);
        }
        return List.of(define(launch.ints(blocks, g.c(), g.h(), g.w(), g.k(), g.oh(), g.ow()), problem, g));
    }

    private Launch define(Launch launch, Problem problem, Conv2d g) {
        if (!tiled) {
            // The same macros in every direction: one program serves all.
            launch.define("KT", 1).define("CT", 1).define("WT", 1);
        }
        return format(launch, problem.format())
                .window(g.window())
                .define("GROUPS", g.groups())
                .define("HAS_BIAS", g.bias() ? 1 : 0);
    }

    /** Where there is much to read, halves of the samples apart: a processor reads what it has written. */
    private List<Launch> bias(Launch launch, Problem problem, Conv2d g, int blocks) {
        int positions = g.oh() * g.ow();
        int parts = blocks > 1 && positions > 1 && problem.format().real() == DType.F32 ? 2 : 1;
        if (parts == 1) {
            launch.buffers("gradBias");
        } else {
            launch.workspace("sums", 2L * g.k());
        }
        define(launch.ints(blocks, g.k(), positions, parts).tiles((long) parts * g.k()), problem, g);
        Launch sum = new Launch("conv2d", "conv2d_sum")
                .workspace("sums", 2L * g.k())
                .buffers("gradBias")
                .ints(g.k())
                .elements(g.k());
        return parts == 1 ? List.of(launch) : List.of(launch, define(sum, problem, g));
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
        ConvTile tile = !tiled
                ? ConvTile.ONE
                : set.isEmpty()
                        ? ConvTile.choose(g.ow(), kg, g.window(), g.window().strideW(), 0, lanes)
                        : new ConvTile(set.get("WT", 1), set.get("KT", 1));
        Launch launch = new Launch("conv2d", "conv2d_forward").buffers("input", "weight");
        if (g.bias()) {
            launch.buffers("bias");
        }
        launch.buffers("output").define("KT", tile.channels()).define("WT", tile.columns());
        return index(
                launch, (long) blocks * g.groups() * up(kg, tile.channels()) * g.oh() * up(g.ow(), tile.columns()));
    }

    /** Columns of gradOutput when a tile of a whole row skips what lies beyond them, else 0. */
    private static int whole(Conv2d g) {
        return g.window().strideW() == 1 && g.window().kw() > 1 ? g.ow() : 0;
    }

    /** Input channels of a tile of weights beside kt output channels, at most. */
    private static int weightChannels(int kt, Conv2d g) {
        return Math.max(1, 20 / (kt * g.window().kw()));
    }

    private Launch backwardInput(Conv2d g, int blocks, int cg, int lanes) {
        int whole = whole(g);
        ConvTile tile = !tiled
                ? ConvTile.ONE
                : set.isEmpty()
                        ? ConvTile.choose(g.w(), cg, g.window(), 1, whole, lanes)
                        : new ConvTile(set.get("WT", 1), set.get("CT", 1));
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
        int kt = tiled ? set.get("KT", channels(kg, 4)) : 1;
        int ct = tiled ? set.get("CT", channels(cg, weightChannels(kt, g))) : 1;
        Launch launch = new Launch("conv2d", "conv2d_backward_weight")
                .buffers("input", "gradOutput", "gradWeight")
                .define("KT", kt)
                .define("CT", ct);
        return index(
                launch, (long) g.groups() * up(kg, kt) * up(cg, ct) * g.window().kh());
    }

    /** Channels per tile: the largest divisor up to the limit, else the limit with a guarded tail. */
    static int channels(int count, int limit) {
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
