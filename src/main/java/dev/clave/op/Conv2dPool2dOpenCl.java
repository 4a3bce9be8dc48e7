package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Candidates of conv2d_pool2d: register tiles of whole pooling windows, and the definition as the reference. */
final class Conv2dPool2dOpenCl implements OpenClCandidate {
    /** Work-items enough to keep two to eight cores busy; with fewer planes each is cut into rows. */
    private static final int ENOUGH = 16;

    private static final int MOST_TILES = 12;
    /** Registers for what is no sum: gradients of a window's row and what they are made of. */
    private static final int SPARE = 6;

    /** Pooled columns of a tile by Winograd: they wait on the stack. */
    private static final int MOST_WAITING = 5;

    private final boolean tiled;
    private final boolean winograd;
    private final Settings set;

    private Conv2dPool2dOpenCl(boolean tiled, boolean winograd, Settings set) {
        this.tiled = tiled;
        this.winograd = winograd;
        this.set = set;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(
                new Conv2dPool2dOpenCl(true, true, Settings.NONE),
                new Conv2dPool2dOpenCl(true, false, Settings.NONE),
                new Conv2dPool2dOpenCl(false, false, Settings.NONE));
    }

    @Override
    public String name() {
        return winograd ? Conv2dWinograd1dOpenCl.NAME : tiled ? "tiled" : "reference";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        if (problem.format().real() != DType.F32) {
            return "single precision only";
        }
        if (!tiled) {
            return null;
        }
        Conv2dPool2d g = (Conv2dPool2d) problem.geometry();
        if (winograd) {
            String reason = problem.direction().startsWith("backward")
                    ? "forward and inference only"
                    : Conv2dWinograd1dOpenCl.unsuited(problem, g.conv(), device);
            if (reason != null) {
                return reason;
            }
        }
        return switch (problem.direction()) {
            case "forward", "inference" ->
                Settings.first(fits(problem), illegal(g, problem.format().lanes()));
            default ->
                !set.isEmpty()
                        ? "KT and PT are the tile of forward and inference"
                        : Settings.first(g.overlap(), problem.direction().equals("backwardConv") ? uncovered(g) : null);
        };
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        return winograd ? Conv2dWinograd1dOpenCl.dear(problem, ((Conv2dPool2d) problem.geometry()).conv()) : null;
    }

    private @Nullable String illegal(Conv2dPool2d g, int lanes) {
        String reason = Settings.first(
                set.outside("KT", 1, Math.min(8, g.conv().k() / g.conv().groups())),
                set.outside("PT", 1, Math.min(8, g.pw())));
        if (reason != null || set.isEmpty()) {
            return reason;
        }
        if (!set.has("KT") || !set.has("PT")) {
            return "KT and PT are one tile: give both or none";
        }
        int tiles = set.get("KT", 1) * set.get("PT", 1);
        int sums = tiles * g.poolWindow().kh() * g.poolWindow().kw();
        int most = ConvTile.registers(lanes);
        return tiles > 1 && sums > most ? "KT by PT is " + sums + " sums, the registers hold " + most : null;
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return tiled && !winograd
                ? new Conv2dPool2dOpenCl(true, false, Settings.of(name(), parameters, "KT", "PT"))
                : OpenClCandidate.super.with(parameters);
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        if (!tiled || winograd || problem.direction().startsWith("backward")) {
            return List.of(Map.of());
        }
        Conv2dPool2d g = (Conv2dPool2d) problem.geometry();
        List<Map<String, Integer>> tiles = new ArrayList<>();
        ranked(problem, g).stream()
                .limit(MOST_TILES)
                .forEach(tile -> tiles.add(new TreeMap<>(Map.of("KT", tile.channels(), "PT", tile.columns()))));
        return List.copyOf(tiles);
    }

    private static List<ConvTile> ranked(Problem problem, Conv2dPool2d g) {
        int kg = g.conv().k() / g.conv().groups();
        return ConvTile.rankedPooled(
                g.pw(), kg, g.conv().window(), g.poolWindow(), problem.format().lanes());
    }

    /** A tile of pairs of columns. */
    private static ConvTile even(Problem problem, Conv2dPool2d g) {
        int columns = Math.min(MOST_WAITING, g.pw());
        return new ConvTile(
                columns * g.poolWindow().kw() % 2 == 0 ? columns : columns + 1,
                Conv2dOpenCl.channels(
                        g.conv().k(),
                        Conv2dWinograd1dOpenCl.forwardChannels(problem.format().lanes())));
    }

    /** Why the forward tile does not fit, null when it does. */
    private static @Nullable String fits(Problem problem) {
        Conv2dPool2d g = (Conv2dPool2d) problem.geometry();
        Window pool = g.poolWindow();
        String reason = g.overlap();
        if (reason != null) {
            return reason;
        }
        if (keepsHidden(problem) && uncovered(g) != null) {
            return uncovered(g);
        }
        return pool.kh() * pool.kw() > 16 ? "a pooling window does not fit the registers" : null;
    }

    private static @Nullable String uncovered(Conv2dPool2d g) {
        Window pool = g.poolWindow();
        return g.ph() * pool.kh() < g.conv().oh()
                        || g.pw() * pool.kw() < g.conv().ow()
                ? "some values of the convolution lie in no pooling window"
                : null;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2dPool2d g = (Conv2dPool2d) problem.geometry();
        return switch (problem.direction()) {
            case "backwardConv" -> List.of(backward(problem, g));
            case "backwardParameters" -> tiled ? parameters(problem, g) : List.of(referenceParameters(problem, g));
            default ->
                winograd
                        ? List.of(Conv2dWinograd1dOpenCl.turn(problem, g.conv(), false), tiled(problem, g))
                        : tiled ? List.of(tiled(problem, g)) : reference(problem, g);
        };
    }

    private static Launch common(Launch launch, Problem problem, Conv2dPool2d g) {
        Window pool = g.poolWindow();
        return Conv2dOpenCl.format(launch, problem.format())
                .window(g.conv().window())
                .define("GROUPS", g.conv().groups())
                .define("HAS_BIAS", g.conv().bias() ? 1 : 0)
                .define("POOL_KH", pool.kh())
                .define("POOL_KW", pool.kw())
                .define("POOL_STRIDE_H", pool.strideH())
                .define("POOL_STRIDE_W", pool.strideW())
                .define("POOL_PAD_TOP", pool.padTop())
                .define("POOL_PAD_LEFT", pool.padLeft())
                .define("POOL_DILATION_H", pool.dilationH())
                .define("POOL_DILATION_W", pool.dilationW())
                .define("MAX", g.isMax() ? 1 : 0)
                .choice("INNER", g.inner())
                .choice("OUTER", g.outer())
                .define("KEEP_HIDDEN", keepsHidden(problem) ? 1 : 0)
                .define("KEEP_ARGMAX", g.isMax() && !problem.direction().equals("inference") ? 1 : 0);
    }

    private static boolean keepsHidden(Problem problem) {
        return ((Conv2dPool2d) problem.geometry()).inner() != null
                && !problem.direction().equals("inference");
    }

    private Launch tiled(Problem problem, Conv2dPool2d g) {
        Conv2d conv = g.conv();
        int kg = conv.k() / conv.groups();
        ConvTile tile = !set.isEmpty()
                ? new ConvTile(set.get("PT", 1), set.get("KT", 1))
                : winograd ? even(problem, g) : ranked(problem, g).get(0);
        int blocks = problem.format().blocks(conv.n());
        long tiles = (long) blocks
                * conv.groups()
                * ((kg + tile.channels() - 1) / tile.channels())
                * g.ph()
                * ((g.pw() + tile.columns() - 1) / tile.columns());
        Launch launch = new Launch("conv2d_pool2d", "conv2d_pool2d_forward_tiled");
        for (String slot : slots(problem)) {
            if (winograd && slot.equals("weight")) {
                launch.workspace("turned", Conv2dWinograd1dOpenCl.turned(conv));
            } else {
                launch.buffers(slot);
            }
        }
        if (winograd) {
            launch.define("WINOGRAD", 1);
        }
        launch.ints(blocks, conv.c(), conv.h(), conv.w(), conv.k(), conv.oh(), conv.ow(), g.ph(), g.pw())
                .define("KT", tile.channels())
                .define("PT", tile.columns())
                .tiles(tiles);
        return common(launch, problem, g);
    }

    private static List<Launch> reference(Problem problem, Conv2dPool2d g) {
        Conv2d conv = g.conv();
        int lanes = problem.format().lanes();
        List<Launch> launches = new ArrayList<>();
        if (keepsHidden(problem)) {
            int values = problem.slot("hidden").shape().elements() / lanes;
            Launch hidden = new Launch("conv2d_pool2d", "conv2d_pool2d_hidden_reference").buffers("input", "weight");
            if (conv.bias()) {
                hidden.buffers("bias");
            }
            hidden.buffers("hidden")
                    .ints(values, conv.c(), conv.h(), conv.w(), conv.k(), conv.oh(), conv.ow())
                    .elements(values);
            launches.add(common(hidden, problem, g));
        }
        int outputs = problem.slot("output").shape().elements() / lanes;
        Launch pooled = new Launch("conv2d_pool2d", "conv2d_pool2d_forward_reference")
                .buffers(slots(problem))
                .ints(outputs, conv.c(), conv.h(), conv.w(), conv.k(), conv.oh(), conv.ow(), g.ph(), g.pw())
                .elements(outputs);
        launches.add(common(pooled, problem, g));
        return launches;
    }

    private Launch backward(Problem problem, Conv2dPool2d g) {
        Conv2d conv = g.conv();
        int planes = problem.format().blocks(conv.n()) * conv.k();
        int height = tiled ? g.ph() : conv.oh();
        int rows = planes >= ENOUGH ? height : Math.max(1, height * planes / ENOUGH);
        Launch launch = new Launch("conv2d_pool2d", "conv2d_pool2d_backward_conv_" + (tiled ? "tiled" : "reference"))
                .buffers(slots(problem))
                .ints(planes, rows, conv.oh(), conv.ow(), g.ph(), g.pw())
                .tiles((long) planes * ((height + rows - 1) / rows));
        return common(launch, problem, g);
    }

    /** Sums over halves of the samples, so that what a processor has written of a half is read by the same, and their sum. */
    private static List<Launch> parameters(Problem problem, Conv2dPool2d g) {
        Conv2d conv = g.conv();
        Window window = conv.window();
        int blocks = problem.format().blocks(conv.n());
        int weights = problem.slot("gradWeight").shape().elements();
        int halves = blocks > 1 ? 2 : 1;
        int room = ConvTile.registers(problem.format().lanes()) - SPARE;
        int rows = Math.max(1, Math.min(window.kh(), room / window.kw()));
        int parts = (window.kh() + rows - 1) / rows;
        Launch launch = new Launch("conv2d_pool2d", "conv2d_pool2d_backward_parameters_tiled");
        List<Launch> launches = new ArrayList<>(List.of(launch));
        for (String slot : slots(problem)) {
            if (halves < 2 || (!slot.equals("gradWeight") && !slot.equals("gradBias"))) {
                launch.buffers(slot);
                continue;
            }
            int total = problem.slot(slot).shape().elements();
            launch.workspace(slot, 2L * total);
            Launch sum = new Launch("conv2d_pool2d", "conv2d_pool2d_sum")
                    .workspace(slot, 2L * total)
                    .buffers(slot)
                    .ints(total)
                    .elements(total);
            launches.add(common(sum.define("KR", rows), problem, g));
        }
        launch.define("KR", rows).tiles((long) halves * (weights / (window.kh() * window.kw())) * parts);
        common(sizes(launch, g, blocks), problem, g);
        return launches;
    }

    private static Launch referenceParameters(Problem problem, Conv2dPool2d g) {
        int weights = problem.slot("gradWeight").shape().elements();
        int total = weights + (g.conv().bias() ? g.conv().k() : 0);
        Launch launch = new Launch("conv2d_pool2d", "conv2d_pool2d_backward_parameters_reference")
                .buffers(slots(problem))
                .ints(weights, total)
                .elements(total);
        return common(sizes(launch, g, problem.format().blocks(g.conv().n())), problem, g);
    }

    private static Launch sizes(Launch launch, Conv2dPool2d g, int blocks) {
        Conv2d conv = g.conv();
        return launch.ints(blocks, conv.c(), conv.h(), conv.w(), conv.k(), conv.oh(), conv.ow(), g.ph(), g.pw());
    }

    private static String[] slots(Problem problem) {
        return problem.slots().stream().map(Slot::name).toArray(String[]::new);
    }
}
