package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One input channel for each output channel: tiles that are copied once and shifted, see kernels/conv2d/depthwise.cl. */
final class Conv2dDepthwiseOpenCl implements OpenClCandidate {
    private static final String FILE = "conv2d/depthwise";
    /** Places written that are worth a work-item: some microseconds of them. */
    private static final int PLACES = 1 << 13;
    /** Work-items enough for eight per thread of a small machine; with fewer they are made smaller. */
    private static final int ENOUGH = 32;
    /** Taps that the registers hold beside the operands, sums of them for a weight gradient; beyond them the packed kernels win. */
    private static final int MOST_TAPS = 25;

    /** The same when several output channels share an input channel: the packed kernels share what they read, too. */
    private static final int SHARED_TAPS = 16;

    private static final int MOST_WINDOW = 49;

    /** Floats of an image of a channel that no first-level cache holds; the figures are in bench/RESULTS.md. */
    private static final int LARGE = 1 << 14;

    private final Settings set;

    Conv2dDepthwiseOpenCl() {
        this(Settings.NONE);
    }

    private Conv2dDepthwiseOpenCl(Settings set) {
        this.set = set;
    }

    @Override
    public String name() {
        return "depthwise";
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return new Conv2dDepthwiseOpenCl(Settings.of(name(), parameters, "OT", "OC", "RT"));
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        String direction = problem.direction();
        if (g.groups() != g.c()) {
            return "for a group to each channel";
        }
        if (direction.equals("backwardBias")) {
            return "a bias gradient has no window";
        }
        if (problem.format().real() != DType.F32) {
            return "single precision only";
        }
        if (device.isGpu()) {
            return "made for caches and vectors of a CPU";
        }
        if (direction.equals("backwardInput") && g.k() != g.c()) {
            return "an input gradient of several output channels each is not its kind";
        }
        int most = direction.equals("backwardWeight") ? MOST_WINDOW : g.k() > g.c() ? SHARED_TAPS : MOST_TAPS;
        if (g.window().kh() * g.window().kw() > most) {
            return "a window of more than " + most + " taps";
        }
        String reason = Settings.first(
                set.outside("OT", 1, DepthwiseTile.MOST_FLOATS),
                set.outside("OC", 1, DepthwiseTile.MOST_FLOATS),
                set.outside("RT", 1, 16));
        return reason == null
                ? DepthwiseTile.illegal(g, direction, problem.format().lanes(), tile(problem, device))
                : reason;
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        return outweighed((Conv2d) problem.geometry(), problem, device);
    }

    /**
     * Samples side by side fill vectors without a copy, then the tiled kernels have less to do: those of a weight gradient, which
     * writes little, and any whose images the caches hold.
     */
    private static @Nullable String outweighed(Conv2d g, Problem problem, OpenClDevice device) {
        int width = VectorTile.width(device.info().vectorWidth());
        int lanes = problem.format().lanes();
        boolean full = lanes >= width;
        boolean large = (long) g.h() * g.w() * lanes > LARGE;
        boolean weight = problem.direction().equals("backwardWeight");
        return (weight ? full || (large && 2 * lanes >= width) : full && !large)
                ? "samples side by side fill the vectors without a copy"
                : null;
    }

    private DepthwiseTile tile(Problem problem, OpenClDevice device) {
        return DepthwiseTile.choose(
                (Conv2d) problem.geometry(),
                problem.direction(),
                problem.format().lanes(),
                device.info().vectorWidth(),
                set);
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        DepthwiseTile own = tile(problem, device);
        Settings.Space space = new Settings.Space(settings(own.rows(), own.columns(), own.sums()));
        for (int sums : new int[] {2, 4, 8}) {
            for (int rows : new int[] {own.rows(), own.rows() / 2, own.rows() * 2}) {
                space.add(settings(Math.max(1, up(rows, sums)) * sums, own.columns(), sums));
            }
        }
        space.add(settings(own.rows(), up(own.columns(), 2), own.sums()));
        return space.where(settings -> with(settings).refuses(problem, device) == null);
    }

    private static Map<String, Integer> settings(int rows, int columns, int sums) {
        return new TreeMap<>(Map.of("OT", rows, "OC", columns, "RT", sums));
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        DepthwiseTile tile = tile(problem, device);
        int blocks = problem.format().blocks(g.n());
        int parts = 1;
        List<Launch> launches = new ArrayList<>();
        if (problem.direction().equals("backwardWeight")) {
            parts = Math.max(1, Math.min(blocks, up(ENOUGH, g.k())));
            // No part is empty.
            parts = blocks == 0 ? 1 : up(blocks, up(blocks, parts));
            weight(launches, g, blocks, parts);
        } else {
            boolean gradient = problem.direction().equals("backwardInput");
            launches.add(
                    gradient
                            ? input(g, tile, blocks, problem.format().lanes())
                            : forward(g, tile, blocks, problem.format().lanes()));
        }
        for (Launch launch : launches) {
            Window w = g.window();
            launch.window(w)
                    .define("LANES", problem.format().lanes())
                    .define("HAS_BIAS", g.bias() && problem.direction().equals("forward") ? 1 : 0)
                    .define("W", tile.width())
                    .define("OT", tile.rows())
                    .define("OC", tile.columns())
                    .define("RT", tile.sums())
                    .define("KS", Math.max(1, Math.min(w.kh(), MOST_TAPS / w.kw())))
                    .define("SPLIT", parts)
                    .define("GRADIENT", problem.direction().equals("backwardInput") ? 1 : 0);
        }
        return launches;
    }

    private static Launch forward(Conv2d g, DepthwiseTile tile, int blocks, int lanes) {
        Launch launch = new Launch(FILE, "conv2d_forward_depthwise").buffers("input", "weight");
        if (g.bias()) {
            launch.buffers("bias");
        }
        int tiles = up(g.oh(), tile.rows()) * up(g.ow(), tile.columns());
        int planes = planes(g, tile, tiles, blocks, lanes);
        return launch.buffers("output")
                .ints(blocks, g.c(), g.h(), g.w(), g.k(), g.oh(), g.ow(), planes)
                .tiles((long) up(g.c(), planes) * blocks * tiles);
    }

    private static Launch input(Conv2d g, DepthwiseTile tile, int blocks, int lanes) {
        int tiles = up(g.h(), tile.rows()) * up(g.w(), tile.columns());
        int planes = planes(g, tile, tiles, blocks, lanes);
        return new Launch(FILE, "conv2d_backward_input_depthwise")
                .buffers("gradOutput", "weight", "gradInput")
                .ints(blocks, g.c(), g.h(), g.w(), g.oh(), g.ow(), planes)
                .tiles((long) up(g.c(), planes) * blocks * tiles);
    }

    private static void weight(List<Launch> launches, Conv2d g, int blocks, int parts) {
        int weights = g.weightShape().elements();
        launches.add(target(
                        new Launch(FILE, "conv2d_backward_weight_depthwise").buffers("input", "gradOutput"),
                        parts,
                        weights)
                .ints(blocks, g.c(), g.h(), g.w(), g.k(), g.oh(), g.ow())
                .tiles((long) g.k() * parts));
        if (parts > 1) {
            launches.add(target(new Launch(FILE, "conv2d_sum_depthwise"), parts, weights)
                    .buffers("gradWeight")
                    .ints(weights)
                    .elements(weights));
        }
    }

    private static Launch target(Launch launch, int parts, int weights) {
        return parts == 1 ? launch.buffers("gradWeight") : launch.workspace("parts", (long) parts * weights);
    }

    /** Images of channels of one work-item. */
    private static int planes(Conv2d g, DepthwiseTile tile, int tiles, int blocks, int lanes) {
        int worth = PLACES / Math.max(1, tile.rows() * tile.columns() * lanes * (g.k() / g.c()));
        long spare = (long) g.c() * blocks * tiles / ENOUGH;
        return (int) Math.max(1, Math.min(worth, Math.min(spare, g.c())));
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
