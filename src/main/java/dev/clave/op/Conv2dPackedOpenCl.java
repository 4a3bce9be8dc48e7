package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Forward and input gradient as products of packed weights and shifted planes, see kernels/conv2d/packed.cl. */
final class Conv2dPackedOpenCl implements OpenClCandidate {
    private static final int ROW_TILES = 8;
    /** Places of a work-item: sums of more, which wait while other channels are added, crowd the caches (bench/RESULTS.md). */
    private static final int PLACES = 64;

    /** Taps of a channel block: with them a tile's columns stay in a first-level cache of 32 KiB and more. */
    private static final int STEPS = 256;
    /** Work-items enough for eight per thread of a small machine; with fewer blocks they are cut. */
    private static final int ENOUGH = 32;

    private static final int MOST_TILES = 64;
    private static final int MOST_CHANNELS = 4096;

    private final Settings set;

    Conv2dPackedOpenCl() {
        this(Settings.NONE);
    }

    private Conv2dPackedOpenCl(Settings set) {
        this.set = set;
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return new Conv2dPackedOpenCl(Settings.of(name(), parameters, "MT", "NT", "MB", "NB", "CB"));
    }

    /** MB, NB and CB that are not set follow from each part of a gradient and the tile. */
    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        ConvPlanes planes = ConvPlanes.of(g, problem.direction().equals("backwardInput"), problem.format());
        int vectorWidth = device.info().vectorWidth();
        int rows = rows(g, planes);
        VectorTile own = VectorTile.choose(rows, (int) planes.places(), vectorWidth);
        Settings.Space space = new Settings.Space(settings(own));
        List<VectorTile> ranked = VectorTile.ranked(rows, (int) planes.places(), vectorWidth);
        ranked.subList(0, 4).forEach(tile -> space.add(settings(tile)));
        Part part = parts(g, planes).get(0);
        Blocks blocks = blocks(g, planes, part, parts(g, planes).size(), own);
        int mb = blocks.rowTiles();
        int nb = blocks.placeTiles();
        int cb = blocks.channels();
        space.but("MB", mb, 2 * mb).but("MB", mb, up(mb, 2));
        space.but("NB", nb, 2 * nb).but("NB", nb, up(nb, 2));
        space.but("CB", cb, 2 * cb).but("CB", cb, up(cb, 2));
        return space.where(settings -> illegal(with(settings), device) == null);
    }

    private static @Nullable String illegal(OpenClCandidate candidate, OpenClDevice device) {
        return ((Conv2dPackedOpenCl) candidate).illegal(device);
    }

    private static Map<String, Integer> settings(VectorTile tile) {
        return new TreeMap<>(Map.of("MT", tile.rows(), "NT", tile.vectors()));
    }

    private static int rows(Conv2d g, ConvPlanes planes) {
        return (planes.gradient() ? g.c() : g.k()) / g.groups();
    }

    private @Nullable String illegal(OpenClDevice device) {
        return Settings.first(
                VectorTile.refuses(set, device.info().vectorWidth()),
                set.outside("MB", 1, MOST_TILES),
                set.outside("NB", 1, MOST_TILES),
                set.outside("CB", 1, MOST_CHANNELS));
    }

    @Override
    public String name() {
        return "packed";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        String direction = problem.direction();
        if (!direction.equals("forward") && !direction.equals("backwardInput")) {
            return "forward and input gradients only";
        }
        Conv2d g = (Conv2d) problem.geometry();
        String reason = Settings.first(illegal(device), unsuited(problem, device));
        if (reason != null) {
            return reason;
        }
        Window w = g.window();
        boolean gradient = direction.equals("backwardInput");
        if (gradient && (shares(w.strideH(), w.dilationH()) || shares(w.strideW(), w.dilationW()))) {
            return "stride and dilation have a common factor";
        }
        ConvPlanes planes = ConvPlanes.of(g, gradient, problem.format());
        return planes.elements() > Integer.MAX_VALUE || planes.places() > Integer.MAX_VALUE - 4096
                ? "too large for one workspace"
                : null;
    }

    /** Operations below which a launch and the copies cost more than the product. */
    private static final double SMALL = 8e6;

    /** Bytes of a block of samples up to which the tiled kernels are as fast or faster; fitted, see bench/RESULTS.md. */
    private static final long CACHED = 3 << 20;

    /** Why no packed convolution of any direction takes a problem, null when one may. */
    static @Nullable String unsuited(Problem problem, OpenClDevice device) {
        if (problem.format().real() != DType.F32) {
            return "single precision only";
        }
        return device.isGpu() ? "made for caches and vectors of a CPU" : null;
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        return dear(problem, device);
    }

    /** Why copies of a convolution do not pay whatever is done with them, null when they may. */
    static @Nullable String small(Problem problem) {
        return problem.flops() < SMALL ? "too small for copies to pay" : null;
    }

    /** Why a packed convolution of any direction does not pay, null when it does. */
    static @Nullable String dear(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        String small = small(problem);
        if (small != null
                || 2 * problem.format().lanes() <= Math.min(16, device.info().vectorWidth())) {
            return small;
        }
        // Samples side by side fill the vectors without copies; what is left to win is the cache.
        boolean narrow = g.k() / g.groups() < 32 || g.c() / g.groups() < 32;
        // The tiled weight gradient walks a 1x1 window with a tile that holds nothing twice.
        boolean starved = problem.direction().equals("backwardWeight")
                && g.window().kh() * g.window().kw() == 1;
        long bytes = 4L * g.c() * g.h() * g.w() * problem.format().lanes();
        return narrow || (bytes < CACHED && !starved)
                ? "few channels, or a block of samples that the caches hold"
                : null;
    }

    private static boolean shares(int stride, int dilation) {
        return BigInteger.valueOf(stride).gcd(BigInteger.valueOf(dilation)).intValue() > 1;
    }

    /** One product: a remainder of the rows and columns that are written; forward there is one. */
    private record Part(int row, int column, int firstTapH, int firstTapW, int tapsH, int tapsW, int oh, int ow) {}

    private static List<Part> parts(Conv2d g, ConvPlanes planes) {
        if (planes.flat()) {
            return List.of(new Part(0, 0, 0, 0, 1, 1, 1, g.h() * g.w()));
        }
        if (!planes.gradient()) {
            return List.of(new Part(0, 0, 0, 0, g.window().kh(), g.window().kw(), g.oh(), g.ow()));
        }
        ConvAxis rows = ConvAxis.rows(g);
        ConvAxis columns = ConvAxis.columns(g);
        List<Part> parts = new ArrayList<>();
        for (int r = 0; r < rows.remainders(); r++) {
            for (int c = 0; c < columns.remainders(); c++) {
                // Without a tap in one direction there is none at all, and the product is zero.
                boolean none = rows.taps(r) == 0 || columns.taps(c) == 0;
                parts.add(new Part(
                        r,
                        c,
                        none ? 0 : rows.firstTap(r),
                        none ? 0 : columns.firstTap(c),
                        none ? 0 : rows.taps(r),
                        none ? 0 : columns.taps(c),
                        rows.count(r),
                        columns.count(c)));
            }
        }
        return parts;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        ConvPlanes planes = ConvPlanes.of(g, problem.direction().equals("backwardInput"), problem.format());
        VectorTile tile = VectorTile.of(
                set, rows(g, planes), (int) planes.places(), device.info().vectorWidth());
        List<Part> parts = parts(g, planes);
        List<Launch> launches = new ArrayList<>();
        if (!planes.inPlace()) {
            launches.add(planes.copy());
        }
        for (Part part : parts) {
            add(launches, g, planes, part, parts.size(), tile);
        }
        return launches;
    }

    /** Tiles of one work-item by channels of a block. */
    private record Blocks(int rowTiles, int placeTiles, int channels) {}

    private Blocks blocks(Conv2d g, ConvPlanes planes, Part part, int parts, VectorTile tile) {
        int rowTiles = up(rows(g, planes), tile.rows());
        int placeTiles = up((int) planes.places(), tile.columns());
        int times = times(g, planes);
        int mb = Math.min(ROW_TILES, rowTiles);
        int nb = Math.max(1, Math.min(up(PLACES, tile.columns()), placeTiles));
        while ((long) up(rowTiles, mb) * up(placeTiles, nb) * times * parts < ENOUGH && mb * nb > 1) {
            mb = nb > 1 ? mb : up(mb, 2);
            nb = up(nb, 2);
        }
        int channels = Math.max(1, STEPS / Math.max(1, part.tapsH() * part.tapsW()));
        return new Blocks(set.get("MB", mb), set.get("NB", nb), set.get("CB", channels));
    }

    private static int times(Conv2d g, ConvPlanes planes) {
        return g.groups() * (planes.inPlace() ? planes.blocks() : 1);
    }

    private void add(List<Launch> launches, Conv2d g, ConvPlanes planes, Part part, int parts, VectorTile tile) {
        int rows = rows(g, planes);
        int sums = planes.channels() / g.groups();
        int rowTiles = up(rows, tile.rows());
        int placeTiles = up((int) planes.places(), tile.columns());
        Blocks blocks = blocks(g, planes, part, parts, tile);
        int taps = part.tapsH() * part.tapsW();
        String name = "weight" + part.row() + "_" + part.column();
        long packed = (long) g.groups() * rowTiles * tile.rows() * sums * taps;
        Launch pack = new Launch(ConvPlanes.FILE, "conv2d_pack_weight")
                .buffers("weight")
                .workspace(name, packed)
                .ints(g.c(), g.k())
                .tiles((long) g.groups() * rowTiles);
        boolean bias = g.bias() && !planes.gradient();
        Launch product = planes.source(new Launch(ConvPlanes.FILE, "conv2d_forward_packed"))
                .workspace(name, packed);
        if (bias) {
            product.buffers("bias");
        }
        product.buffers(planes.gradient() ? "gradInput" : "output")
                .ints(planes.blocks(), sums, rows, planes.ph(), planes.pw(), part.oh(), part.ow())
                .ints(
                        planes.flat() ? 1 : planes.gradient() ? g.h() : g.oh(),
                        planes.flat() ? g.h() * g.w() : planes.gradient() ? g.w() : g.ow())
                .ints(part.row(), part.column(), planes.extraTop(), planes.extraLeft())
                .tiles((long) up(rowTiles, blocks.rowTiles()) * up(placeTiles, blocks.placeTiles()) * times(g, planes));
        for (Launch launch : taps == 0 ? List.of(product) : List.of(pack, product)) {
            launches.add(planes.define(launch)
                    .define("W", tile.width())
                    .define("MT", tile.rows())
                    .define("NT", tile.vectors())
                    .define("MB", blocks.rowTiles())
                    .define("NB", blocks.placeTiles())
                    .define("CB", blocks.channels())
                    .define("TH", part.tapsH())
                    .define("TW", part.tapsW())
                    .define("FIRST_H", part.firstTapH())
                    .define("FIRST_W", part.firstTapW())
                    .define("HAS_BIAS", bias ? 1 : 0));
        }
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
