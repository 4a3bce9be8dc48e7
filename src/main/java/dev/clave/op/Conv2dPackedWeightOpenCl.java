package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Weight gradient as a product over places, see kernels/conv2d/packed_weight.cl. One of gradOutput and input is read as planes,
 * the other is turned round so that vectors lie across its channels.
 */
final class Conv2dPackedWeightOpenCl implements OpenClCandidate {
    private static final String FILE = "conv2d/packed_weight";
    /** Places whose turned outputs stay in a first-level cache of 32 KiB and more. */
    private static final int PLACES = 256;

    private static final int ROW_TILES = 8;
    /** Work-items enough for eight per thread of a small machine; with fewer blocks they are cut. */
    private static final int ENOUGH = 32;

    /** Channels of the planes by vectors of turned channels of a register tile, tiles of a work-item, parts of the batch. */
    private record Blocks(int channels, int vectors, int width, int rowTiles, int parts) {
        int columns() {
            return vectors * width;
        }
    }

    private static final int MOST_TILES = 64;
    private static final int MOST_ROWS = 4096;

    private final Settings set;

    Conv2dPackedWeightOpenCl() {
        this(Settings.NONE);
    }

    private Conv2dPackedWeightOpenCl(Settings set) {
        this.set = set;
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return new Conv2dPackedWeightOpenCl(Settings.of(name(), parameters, "CT", "NT", "IB", "RB", "SPLIT"));
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        ConvPlanes planes = planes(problem);
        Blocks own = blocks(g, planes, device);
        Settings.Space space = new Settings.Space(settings(own.channels(), own.vectors()));
        ranked(
                        planes.channels() / g.groups(),
                        turnedChannels(g) / g.groups(),
                        g.window().kw(),
                        own.width())
                .stream()
                .limit(5)
                .forEach(tile -> space.add(settings(tile[0], tile[1])));
        int rows = rows(g, planes);
        int split = own.parts();
        int ib = own.rowTiles();
        space.but("SPLIT", split, 2 * split).but("SPLIT", split, up(split, 2));
        space.but("IB", ib, 2 * ib).but("IB", ib, up(ib, 2));
        space.but("RB", rows, 2 * rows).but("RB", rows, up(rows, 2));
        return space.where(settings -> ((Conv2dPackedWeightOpenCl) with(settings)).illegal(g, planes, device) == null);
    }

    private static Map<String, Integer> settings(int channels, int vectors) {
        return new TreeMap<>(Map.of("CT", channels, "NT", vectors));
    }

    private @Nullable String illegal(Conv2d g, ConvPlanes planes, OpenClDevice device) {
        String reason = Settings.first(
                set.outside("CT", 1, 12),
                set.outside("NT", 1, 4),
                set.outside("IB", 1, MOST_TILES),
                set.outside("RB", 1, MOST_ROWS),
                set.outside("SPLIT", 1, Math.max(1, planes.blocks())));
        if (reason != null) {
            return reason;
        }
        if (set.has("CT") != set.has("NT")) {
            return "CT and NT are one tile: give both or none";
        }
        Blocks blocks = blocks(g, planes, device);
        int sums = blocks.channels() * blocks.vectors();
        int most = Math.max(1, mostSums(blocks.width()) / g.window().kw());
        if (sums > most) {
            return "CT by NT is at most " + most + " with a kernel row of "
                    + g.window().kw() + ", got " + sums;
        }
        int split = set.get("SPLIT", blocks.parts());
        return split != blocks.parts() ? "SPLIT " + split + " leaves a part of the batch empty" : null;
    }

    @Override
    public String name() {
        return "packed_weight";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        if (!problem.direction().equals("backwardWeight")) {
            return "weight gradients only";
        }
        Conv2d g = (Conv2d) problem.geometry();
        String reason = Conv2dPackedOpenCl.unsuited(problem, device);
        if (reason != null) {
            return reason;
        }
        if (g.window().kw() > 24) {
            return "a kernel row of " + g.window().kw() + " does not fit the registers";
        }
        ConvPlanes planes = planes(problem);
        String illegal = illegal(g, planes, device);
        if (illegal != null) {
            return illegal;
        }
        return planes.elements() > Integer.MAX_VALUE || turned(g, planes, blocks(g, planes, device)) > Integer.MAX_VALUE
                ? "too large for one workspace"
                : null;
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        String reason = Conv2dPackedOpenCl.dear(problem, device);
        Conv2d g = (Conv2d) problem.geometry();
        return reason == null && turnedChannels(g) / g.groups() < 4
                ? "fewer than 4 output channels in a group do not fill a vector"
                : reason;
    }

    /** Whether the input is turned and gradOutput read as it lies: copying the smaller one of a 1x1 window is cheaper. */
    private static boolean swapped(Conv2d g) {
        boolean flat = ConvPlanes.of(g, true, Format.NCHW).flat();
        return flat && g.c() < g.k() && g.c() / g.groups() >= 16;
    }

    private static int turnedChannels(Conv2d g) {
        return swapped(g) ? g.c() : g.k();
    }

    private static ConvPlanes planes(Problem problem) {
        Conv2d g = (Conv2d) problem.geometry();
        return ConvPlanes.of(g, swapped(g), problem.format()).inPlaceWhenFlat();
    }

    private static long turned(Conv2d g, ConvPlanes planes, Blocks blocks) {
        return (long) g.groups()
                * up(turnedChannels(g) / g.groups(), blocks.columns())
                * blocks.columns()
                * planes.blocks()
                * g.oh()
                * g.ow()
                * planes.lanes();
    }

    private Blocks blocks(Conv2d g, ConvPlanes planes, OpenClDevice device) {
        int cg = planes.channels() / g.groups();
        int kg = turnedChannels(g) / g.groups();
        int kw = g.window().kw();
        int width = VectorTile.width(device.info().vectorWidth());
        int[] tile = set.has("CT") ? new int[] {set.get("CT", 1), set.get("NT", 1), width} : tile(cg, kg, kw, width);
        int rows = up(cg, tile[0]) * g.window().kh();
        int times = up(kg, tile[1] * tile[2]) * g.groups();
        // Whole kernels, so that neighbouring weights are written together.
        int rowTiles = Math.max(1, ROW_TILES / g.window().kh()) * g.window().kh();
        while (up(rows, rowTiles) * times < ENOUGH && rowTiles > 1) {
            rowTiles = up(rowTiles, 2);
        }
        rowTiles = set.get("IB", rowTiles);
        int parts = Math.max(1, Math.min(planes.blocks(), ENOUGH / (up(rows, rowTiles) * times)));
        parts = set.get("SPLIT", parts);
        // No part is empty.
        int whole = planes.blocks() == 0 ? 1 : up(planes.blocks(), up(planes.blocks(), parts));
        return new Blocks(tile[0], tile[1], tile[2], rowTiles, whole);
    }

    /** Rows of gradOutput whose panel stays in the first-level cache. */
    private int rows(Conv2d g, ConvPlanes planes) {
        int columns = (planes.flat() ? g.h() * g.w() : g.ow()) * planes.lanes();
        return set.get("RB", Math.max(1, PLACES / columns));
    }

    /** Sums that the registers hold beside the operands. */
    private static int mostSums(int width) {
        return width == 16 ? 24 : 12;
    }

    /** Channels, vectors and width of the cheapest register tile. */
    private static int[] tile(int cg, int kg, int kw, int width) {
        int[] best = {1, 1, width};
        double least = Double.MAX_VALUE;
        for (int[] tile : tiles(kw, width)) {
            double cost = cost(tile, cg, kg, kw);
            if (cost < least * 0.999) {
                least = cost;
                best = tile;
            }
        }
        return best;
    }

    /** All register tiles, the cheapest first. */
    private static List<int[]> ranked(int cg, int kg, int kw, int width) {
        List<int[]> tiles = tiles(kw, width);
        tiles.sort(Comparator.comparingDouble(tile -> cost(tile, cg, kg, kw)));
        return tiles;
    }

    private static List<int[]> tiles(int kw, int width) {
        List<int[]> tiles = new ArrayList<>();
        for (int vectors = 1; vectors <= 4; vectors++) {
            for (int channels = 1; channels <= 12 && channels * kw * vectors <= mostSums(width); channels++) {
                tiles.add(new int[] {channels, vectors, width});
            }
        }
        return tiles;
    }

    private static double cost(int[] tile, int cg, int kg, int kw) {
        double sums = tile[0] * kw * tile[1];
        double loads = tile[0] * kw + tile[1];
        return (double) up(cg, tile[0]) * up(kg, tile[1] * tile[2]) * (Math.max(sums, loads) + (sums + loads) / 8 + 1);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        ConvPlanes planes = planes(problem);
        Blocks blocks = blocks(g, planes, device);
        boolean swapped = swapped(g);
        int cg = planes.channels() / g.groups();
        int panels = up(turnedChannels(g) / g.groups(), blocks.columns()) * g.groups();
        int weights = g.weightShape().elements();
        List<Launch> launches = new ArrayList<>();
        if (!planes.inPlace()) {
            launches.add(planes.copy());
        }
        List<Launch> own = new ArrayList<>();
        own.add(new Launch(FILE, "conv2d_turn_output")
                .buffers(swapped ? "input" : "gradOutput")
                .workspace("turned", turned(g, planes, blocks))
                .ints(planes.blocks(), turnedChannels(g), g.oh() * g.ow() * planes.lanes())
                .tiles((long) panels * planes.blocks()));
        Launch product = planes.source(new Launch(FILE, "conv2d_backward_weight_packed"))
                .workspace("turned", turned(g, planes, blocks));
        target(product, blocks, weights)
                .ints(planes.blocks(), planes.channels(), turnedChannels(g), planes.ph(), planes.pw())
                .ints(planes.flat() ? 1 : g.oh(), planes.flat() ? g.h() * g.w() : g.ow())
                .tiles((long) up(up(cg, blocks.channels()) * g.window().kh(), blocks.rowTiles())
                        * panels
                        * blocks.parts());
        own.add(product);
        if (blocks.parts() > 1) {
            own.add(target(new Launch(FILE, "conv2d_sum_parts"), blocks, weights)
                    .buffers("gradWeight")
                    .ints(weights)
                    .elements(weights));
        }
        for (Launch launch : own) {
            launches.add(planes.define(launch)
                    .define("W", blocks.width())
                    .define("CT", blocks.channels())
                    .define("NT", blocks.vectors())
                    .define("IB", blocks.rowTiles())
                    .define("RB", rows(g, planes))
                    .define("SPLIT", blocks.parts())
                    .define("SWAPPED", swapped ? 1 : 0));
        }
        return launches;
    }

    private static Launch target(Launch launch, Blocks blocks, int weights) {
        return blocks.parts() == 1
                ? launch.buffers("gradWeight")
                : launch.workspace("parts", (long) blocks.parts() * weights);
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
