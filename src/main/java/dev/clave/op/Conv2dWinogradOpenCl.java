package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** 3x3 windows of stride 1 by F(2x2,3x3), forward and input gradient, see kernels/conv2d/winograd.cl. */
final class Conv2dWinogradOpenCl implements OpenClCandidate {
    private static final String FILE = "conv2d/winograd";
    /** Bytes of the right sides of one work-item, half of a second-level cache. */
    private static final int CACHED = 1 << 19;
    /** Work-items of other places at most, enough for eight per thread of a small machine. */
    private static final int ENOUGH = 32;
    /** Work-items below which rows are shared out as well: each then transforms the same places once more. */
    private static final int LEAST = 16;

    private static final int LINE = 16;
    /** Channels of one work-item that transforms the weights of a gradient, as in the kernel. */
    private static final int CHUNK = 8;

    private static final int MOST_TILES = 64;
    /** Channels up to which whole numbers of the exact tier stay exact: 49 * 324 * 1024 is below 2^24. */
    private static final int MOST_SUMS = 1024;

    /** Part of a direct sum's time that it must stay below: the model errs by some percent. */
    private static final double WORTH = 0.9;

    private final Settings set;

    Conv2dWinogradOpenCl() {
        this(Settings.NONE);
    }

    private Conv2dWinogradOpenCl(Settings set) {
        this.set = set;
    }

    @Override
    public String name() {
        return "winograd";
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return new Conv2dWinogradOpenCl(Settings.of(name(), parameters, "MT", "NT", "JB"));
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        Window w = g.window();
        String direction = problem.direction();
        if (!direction.equals("forward") && !direction.equals("backwardInput")) {
            return "forward and input gradients only";
        }
        if (w.kh() != 3
                || w.kw() != 3
                || w.strideH() != 1
                || w.strideW() != 1
                || w.dilationH() != 1
                || w.dilationW() != 1
                || g.groups() != 1) {
            return "for dense 3x3 windows of stride 1";
        }
        boolean gradient = direction.equals("backwardInput");
        if (gradient && Math.max(Math.max(w.padTop(), w.padBottom()), Math.max(w.padLeft(), w.padRight())) > 2) {
            return "a pad of more than 2 has no gradient of this form";
        }
        String reason = Settings.first(
                Conv2dPackedOpenCl.unsuited(problem, device),
                illegal(problem.format().lanes(), device));
        if (reason != null) {
            return reason;
        }
        if (sums(g, gradient) > MOST_SUMS) {
            return "more than " + MOST_SUMS + " channels";
        }
        ConvPlanes planes = planes(g, gradient, problem.format());
        return planes.elements() > Integer.MAX_VALUE || planes.places() > Integer.MAX_VALUE - 4096
                ? "too large for one workspace"
                : null;
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        String small = Conv2dPackedOpenCl.small(problem);
        if (small != null) {
            return small;
        }
        Conv2d g = (Conv2d) problem.geometry();
        boolean gradient = problem.direction().equals("backwardInput");
        Format format = problem.format();
        long direct = ConvPlanes.of(g, gradient, format).places();
        // A direct sum copies its weights as well.
        double weights = (double) sums(g, gradient) * rows(g, gradient);
        return cost(g, gradient, format, tile(g, gradient, format.lanes(), device))
                        > WORTH * (9 * direct + 600) * weights
                ? "transforms outweigh the multiply-adds that they save"
                : null;
    }

    /**
     * Time in multiply-adds: the 16 products with what is unused of their tiles; transforms of each place of every channel that is read
     * or written; transforms of weights. Fitted to the layers of bench/RESULTS.md.
     */
    private double cost(Conv2d g, boolean gradient, Format format, VectorTile tile) {
        double sums = sums(g, gradient);
        double rows = up(rows(g, gradient), tile.rows()) * (double) tile.rows();
        double places = up(places(g, gradient, format), tile.columns()) * (double) tile.columns();
        return 16 * sums * rows * places + 250 * (sums + rows) * places + 1200 * sums * rows;
    }

    private @Nullable String illegal(int lanes, OpenClDevice device) {
        int width = VectorTile.width(device.info().vectorWidth());
        String reason =
                Settings.first(VectorTile.refuses(set, device.info().vectorWidth()), set.outside("JB", 1, MOST_TILES));
        return reason == null && set.get("NT", lanes) * width % lanes != 0
                ? "NT vectors of " + width + " do not divide by " + lanes + " lanes"
                : reason;
    }

    /** Register tiles, and places at a time. */
    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        boolean gradient = problem.direction().equals("backwardInput");
        int width = VectorTile.width(device.info().vectorWidth());
        VectorTile own = tile(g, gradient, problem.format().lanes(), device);
        Settings.Space space = new Settings.Space(settings(own.rows(), own.vectors()));
        for (int rows : width == 16 ? new int[] {12, 11, 10, 8} : new int[] {6, 5, 4}) {
            space.add(settings(rows, 2));
        }
        space.add(width == 16 ? settings(8, 3) : settings(3, 4));
        int tiles = blockTiles(g, gradient, own, up(places(g, gradient, problem.format()), own.columns()));
        space.but("JB", tiles, 2 * tiles).but("JB", tiles, up(tiles, 2));
        int lanes = problem.format().lanes();
        return space.where(settings -> ((Conv2dWinogradOpenCl) with(settings)).illegal(lanes, device) == null);
    }

    private static Map<String, Integer> settings(int rows, int vectors) {
        return new TreeMap<>(Map.of("MT", rows, "NT", vectors));
    }

    private static int sums(Conv2d g, boolean gradient) {
        return gradient ? g.k() : g.c();
    }

    private static int rows(Conv2d g, boolean gradient) {
        return gradient ? g.c() : g.k();
    }

    /** Two vectors of places, more where lanes need them, and the rows that leave the least unused. */
    private VectorTile tile(Conv2d g, boolean gradient, int lanes, OpenClDevice device) {
        int width = VectorTile.width(device.info().vectorWidth());
        int vectors = Math.max(2, lanes / width);
        int most = (width == 16 ? 24 : 12) / vectors;
        int best = most;
        for (int rows = most - 1; rows > most / 2; rows--) {
            if (up(rows(g, gradient), rows) * rows < up(rows(g, gradient), best) * best) {
                best = rows;
            }
        }
        return new VectorTile(set.get("MT", best), set.get("NT", vectors), width);
    }

    /** Tiles of places whose right sides the cache holds, fewer where there would be too few work-items. */
    private int blockTiles(Conv2d g, boolean gradient, VectorTile tile, int placeTiles) {
        int held = Math.min(MOST_TILES, CACHED / (64 * sums(g, gradient) * tile.columns()));
        return set.get("JB", Math.max(1, Math.min(held, placeTiles / LEAST)));
    }

    /** Tiles of all samples, with the lanes that are none. */
    private static int places(Conv2d g, boolean gradient, Format format) {
        int tiles = up(gradient ? g.h() : g.oh(), 2) * up(gradient ? g.w() : g.ow(), 2);
        return format.blocks(g.n()) * format.lanes() * tiles;
    }

    /** The planes of a 4x4 window of stride 2 over what is read. */
    private static ConvPlanes planes(Conv2d g, boolean gradient, Format format) {
        Window w = g.window();
        int h = gradient ? g.oh() : g.h();
        int width = gradient ? g.ow() : g.w();
        int top = gradient ? 2 - w.padTop() : w.padTop();
        int left = gradient ? 2 - w.padLeft() : w.padLeft();
        int down = up(gradient ? g.h() : g.oh(), 2);
        int across = up(gradient ? g.w() : g.ow(), 2);
        Window tiles = Window.of(4, 4)
                .stride(2, 2)
                .pad(top, left, Math.max(0, 2 * down + 2 - h - top), Math.max(0, 2 * across + 2 - width - left));
        return ConvPlanes.of(new Conv2d(g.n(), sums(g, gradient), h, width, 1, tiles, 1, false), false, format);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        boolean gradient = problem.direction().equals("backwardInput");
        ConvPlanes planes = planes(g, gradient, problem.format());
        VectorTile tile = tile(g, gradient, problem.format().lanes(), device);
        int rows = rows(g, gradient);
        int sums = sums(g, gradient);
        int rowTiles = up(rows, tile.rows());
        int placeTiles = up(places(g, gradient, problem.format()), tile.columns());
        int block = Math.min(blockTiles(g, gradient, tile, placeTiles), Math.max(1, placeTiles));
        int stride = Math.max(1, Math.min(ENOUGH, up(placeTiles, block)));
        int each = up(rowTiles, Math.min(rowTiles, up(LEAST, stride)));
        int parts = up(rowTiles, each);
        long turned = (long) rowTiles * 16 * (tile.rows() * sums + LINE);
        long transformed = (long) parts * stride * block * 16 * ((long) sums * tile.columns() + LINE);
        boolean bias = g.bias() && !gradient;
        Launch weight = new Launch(FILE, "conv2d_winograd_weight")
                .buffers("weight")
                .workspace("turned", turned)
                .ints(rows)
                .tiles(gradient ? up(sums, CHUNK) : rowTiles);
        Launch product = new Launch(FILE, "conv2d_winograd")
                .workspace("planes", planes.elements())
                .workspace("turned", turned);
        if (bias) {
            product.buffers("bias");
        }
        product.workspace("transformed", transformed)
                .buffers(gradient ? "gradInput" : "output")
                .ints(planes.blocks(), rows, planes.ph(), planes.pw())
                .ints(gradient ? g.h() : g.oh(), gradient ? g.w() : g.ow(), each, stride)
                .tiles((long) parts * stride);
        for (Launch launch : List.of(weight, product)) {
            launch.define("LANES", planes.lanes())
                    .define("W", tile.width())
                    .define("MT", tile.rows())
                    .define("NT", tile.vectors())
                    .define("JB", block)
                    .define("SUMS", sums)
                    .define("GRADIENT", gradient ? 1 : 0)
                    .define("HAS_BIAS", bias ? 1 : 0);
        }
        return List.of(planes.copy(gradient ? "gradOutput" : "input"), weight, product);
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
