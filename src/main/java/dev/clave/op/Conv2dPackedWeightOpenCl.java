package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
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
        String reason = Conv2dPackedOpenCl.refuses(problem, g, device);
        if (reason != null) {
            return reason;
        }
        if (turnedChannels(g) / g.groups() < 4) {
            return "fewer than 4 output channels in a group do not fill a vector";
        }
        if (g.window().kw() > 24) {
            return "a kernel row of " + g.window().kw() + " does not fit the registers";
        }
        ConvPlanes planes = planes(problem);
        return planes.elements() > Integer.MAX_VALUE || turned(g, planes, blocks(g, planes, device)) > Integer.MAX_VALUE
                ? "too large for one workspace"
                : null;
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

    private static Blocks blocks(Conv2d g, ConvPlanes planes, OpenClDevice device) {
        int cg = planes.channels() / g.groups();
        int kg = turnedChannels(g) / g.groups();
        int kw = g.window().kw();
        int[] tile = tile(cg, kg, kw, device.info().vectorWidth());
        int rows = up(cg, tile[0]) * g.window().kh();
        int times = up(kg, tile[1] * tile[2]) * g.groups();
        // Whole kernels, so that neighbouring weights are written together.
        int rowTiles = Math.max(1, ROW_TILES / g.window().kh()) * g.window().kh();
        while (up(rows, rowTiles) * times < ENOUGH && rowTiles > 1) {
            rowTiles = up(rowTiles, 2);
        }
        int parts = Math.max(1, Math.min(planes.blocks(), ENOUGH / (up(rows, rowTiles) * times)));
        // No part is empty.
        int whole = planes.blocks() == 0 ? 1 : up(planes.blocks(), up(planes.blocks(), parts));
        return new Blocks(tile[0], tile[1], tile[2], rowTiles, whole);
    }

    /** Channels, vectors and width of the cheapest register tile. */
    private static int[] tile(int cg, int kg, int kw, int vectorWidth) {
        int width = vectorWidth >= 16 ? 16 : vectorWidth >= 8 ? 8 : 4;
        int most = width == 16 ? 24 : 12;
        int[] best = {1, 1, width};
        double least = Double.MAX_VALUE;
        for (int vectors = 1; vectors <= 4; vectors++) {
            for (int channels = 1; channels <= 12; channels++) {
                int sums = channels * kw * vectors;
                if (sums > most) {
                    break;
                }
                double loads = channels * kw + vectors;
                double cost = (double) up(cg, channels)
                        * up(kg, vectors * width)
                        * (Math.max(sums, loads) + (sums + loads) / 8 + 1);
                if (cost < least * 0.999) {
                    least = cost;
                    best = new int[] {channels, vectors, width};
                }
            }
        }
        return best;
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
        int columns = (planes.flat() ? g.h() * g.w() : g.ow()) * planes.lanes();
        for (Launch launch : own) {
            launches.add(planes.define(launch)
                    .define("W", blocks.width())
                    .define("CT", blocks.channels())
                    .define("NT", blocks.vectors())
                    .define("IB", blocks.rowTiles())
                    .define("RB", Math.max(1, PLACES / columns))
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
