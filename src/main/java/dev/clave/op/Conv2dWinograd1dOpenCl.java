package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Windows of stride 1, two columns of the output at a time by F(2,3) and F(2,2), see kernels/conv2d/winograd1d.cl. */
final class Conv2dWinograd1dOpenCl implements OpenClCandidate {
    private static final String FILE = "conv2d/winograd1d";
    static final String NAME = "winograd1d";
    /** Inputs of a row and what is made of them must stay in registers. */
    private static final int MOST_COLUMNS = 9;
    /** Rows of windows of all channels up to which whole numbers of the exact tier stay exact. */
    private static final int MOST_SUMS = 4096;
    /** Rows of windows of all channels below which what is done once an output outweighs what is saved. */
    private static final int LEAST_SUMS = 5;

    /** Lanes below which it wins nothing: with 8, half as wide, loads and registers bound the direct form and this alike. */
    private static final int LEAST_LANES = 16;

    private static final int SMALL = 1_000_000;
    /** Columns of a tile of forward. */
    private static final int COLUMNS = 10;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        if (problem.direction().equals("backwardBias")) {
            return "a bias gradient has no products";
        }
        return unsuited(problem, g, device);
    }

    /** Why a convolution has no such form, null when it has. */
    static @Nullable String unsuited(Problem problem, Conv2d g, OpenClDevice device) {
        Window w = g.window();
        if (w.kw() < 2 || w.kw() > MOST_COLUMNS || w.strideW() != 1 || w.dilationW() != 1 || g.groups() != 1) {
            return "for dense windows of stride 1 that are 2 to " + MOST_COLUMNS + " columns wide";
        }
        return Settings.first(
                Conv2dPackedOpenCl.unsuited(problem, device),
                (long) Math.max(g.c(), g.k()) * w.kh() > MOST_SUMS ? "more sums than stay exact" : null);
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        return dear(problem, (Conv2d) problem.geometry());
    }

    /** Why it does not pay; blocks with pooling ask the same, so that both forms of a network give the same bits. */
    static @Nullable String dear(Problem problem, Conv2d g) {
        boolean few = problem.direction().equals("backwardWeight")
                ? g.hasFewChannels()
                : (problem.direction().equals("backwardInput") ? g.k() : g.c())
                                * g.window().kh()
                        < LEAST_SUMS;
        return problem.format().lanes() < LEAST_LANES || few || problem.flops() < SMALL || g.ow() < 4
                ? "samples, channels, columns or all too few"
                : null;
    }

    /** Multiply-adds of a row of the window for two outputs. */
    static int products(int kw) {
        int threes = kw % 3 == 1 ? (kw - 4) / 3 : kw / 3;
        return 4 * threes + 3 * ((kw - 3 * threes) / 2);
    }

    /** Channels of a tile whose sums the registers hold beside the inputs. */
    private static int most(Problem problem) {
        int room = ConvTile.registers(problem.format().lanes()) - 8;
        int products = products(((Conv2d) problem.geometry()).window().kw());
        return switch (problem.direction()) {
            case "forward" -> forwardChannels(problem.format().lanes());
            case "backwardInput" -> Math.max(1, room / products);
            // Gradients and inputs both wait in registers.
            default -> Math.max(1, (room - 8) / products);
        };
    }

    /** Output channels of a tile of forward at most: four sums each. */
    static int forwardChannels(int lanes) {
        return (ConvTile.registers(lanes) - 8) / 4;
    }

    private static int tile(Problem problem) {
        Conv2d g = (Conv2d) problem.geometry();
        return Conv2dOpenCl.channels(problem.direction().equals("backwardInput") ? g.c() : g.k(), most(problem));
    }

    /** The launch that makes what stands beside the inputs' sums and differences. */
    static Launch turn(Problem problem, Conv2d g, boolean gradient) {
        return common(new Launch(FILE, "conv2d_winograd1d_weight"), problem, g, gradient)
                .buffers("weight")
                .workspace("turned", turned(g))
                .ints(g.c(), g.k())
                .define("KT", 1)
                .define("CT", 1)
                .define("WT", 2)
                .tiles(gradient ? g.k() : g.c());
    }

    static long turned(Conv2d g) {
        return (long) g.c() * g.k() * g.window().kh() * products(g.window().kw());
    }

    private static Launch common(Launch launch, Problem problem, Conv2d g, boolean gradient) {
        return Conv2dOpenCl.format(launch, problem.format())
                .window(g.window())
                .define("HAS_BIAS", g.bias() ? 1 : 0)
                .define("GRADIENT", gradient ? 1 : 0);
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        int blocks = problem.format().blocks(g.n());
        int channels = tile(problem);
        return switch (problem.direction()) {
            case "forward" -> {
                int columns = Math.min(COLUMNS, (g.ow() + 1) / 2 * 2);
                Launch launch = new Launch(FILE, "conv2d_winograd1d_forward")
                        .buffers("input")
                        .workspace("turned", turned(g));
                if (g.bias()) {
                    launch.buffers("bias");
                }
                launch.buffers("output")
                        .define("WT", columns)
                        .tiles((long) blocks * up(g.k(), channels) * g.oh() * up(g.ow(), columns));
                yield List.of(turn(problem, g, false), define(sizes(launch, g, blocks), problem, channels, 1));
            }
            case "backwardInput" -> {
                Launch launch = new Launch(FILE, "conv2d_winograd1d_backward_input")
                        .buffers("gradOutput")
                        .workspace("turned", turned(g))
                        .buffers("gradInput")
                        .tiles((long) blocks * up(g.c(), channels) * g.h());
                yield List.of(turn(problem, g, true), define(sizes(launch, g, blocks), problem, 1, channels));
            }
            default -> weight(problem, g, blocks, channels);
        };
    }

    /** Sums over halves of the samples, so that what a processor has written of a half is read by the same, and their sum. */
    private static List<Launch> weight(Problem problem, Conv2d g, int blocks, int channels) {
        int parts = blocks > 1 ? 2 : 1;
        int weights = g.k() * g.c() * g.window().kh() * g.window().kw();
        Launch launch = new Launch(FILE, "conv2d_winograd1d_backward_weight").buffers("input", "gradOutput");
        if (parts > 1) {
            launch.workspace("sums", (long) parts * weights);
        } else {
            launch.buffers("gradWeight");
        }
        launch.tiles((long) parts * up(g.k(), channels) * g.c() * g.window().kh());
        define(sizes(launch, g, blocks), problem, channels, 1);
        Launch sum = new Launch(FILE, "conv2d_winograd1d_sum")
                .workspace("sums", (long) parts * weights)
                .buffers("gradWeight")
                .ints(weights)
                .elements(weights);
        return parts > 1 ? List.of(launch, define(sum, problem, channels, 1)) : List.of(launch);
    }

    private static Launch sizes(Launch launch, Conv2d g, int blocks) {
        return launch.ints(blocks, g.c(), g.h(), g.w(), g.k(), g.oh(), g.ow());
    }

    private static Launch define(Launch launch, Problem problem, int kt, int ct) {
        Conv2d g = (Conv2d) problem.geometry();
        common(launch, problem, g, problem.direction().equals("backwardInput"))
                .define("KT", kt)
                .define("CT", ct);
        launch.defines.putIfAbsent("WT", "2");
        return launch;
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile;
    }
}
