package dev.clave.op;

import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Convolution as products gathered into local memory, for GPUs, see kernels/conv2d/implicit.cl. */
final class Conv2dImplicitOpenCl implements OpenClCandidate {
    private static final String FILE = "conv2d/implicit";
    /** Work-groups that keep a large GPU busy; a weight gradient with fewer is cut along the places. */
    private static final long ENOUGH = 256;
    /** Places of a part at least. */
    private static final long LEAST = 512;

    private final @Nullable LocalTile fixed;

    Conv2dImplicitOpenCl() {
        this(null);
    }

    /** With one tile for every shape; null chooses. */
    Conv2dImplicitOpenCl(@Nullable LocalTile fixed) {
        this.fixed = fixed;
    }

    /** Rows, columns and steps of a group's product. */
    private record Product(long rows, long columns, long steps, LocalTile tile) {
        long tiles() {
            return tile.tiles(rows, columns);
        }
    }

    @Override
    public String name() {
        return "implicit";
    }

    @Override
    public boolean usesBarriers() {
        return true;
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        Product product = product(problem, device);
        return product.columns() > Integer.MAX_VALUE - 256 || product.steps() > Integer.MAX_VALUE - 256
                ? "too large for one index"
                : GemmLocalOpenCl.refuses(problem, device, product.tile());
    }

    private Product product(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        long samples = (long) problem.format().blocks(g.n()) * problem.format().lanes();
        long cg = g.c() / g.groups();
        long kg = g.k() / g.groups();
        long taps = (long) g.window().kh() * g.window().kw();
        long outputs = samples * g.oh() * g.ow();
        return switch (problem.direction()) {
            case "forward" -> product(kg, outputs, cg * taps, device);
            case "backwardInput" -> product(cg, samples * g.h() * g.w(), kg * taps, device);
            case "backwardWeight" -> product(kg, cg * taps, outputs, device);
            default -> product(1, 1, outputs, device);
        };
    }

    private Product product(long rows, long columns, long steps, OpenClDevice device) {
        return new Product(rows, columns, steps, fixed == null ? LocalTile.choose(rows, columns, device) : fixed);
    }

    /** Parts of the places, by the shape alone. */
    private static int parts(Product product, int groups) {
        long wanted = ENOUGH / Math.max(1, product.tiles() * groups);
        return (int) Math.max(1, Math.min(wanted, product.steps() / LEAST));
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        Product product = product(problem, device);
        int blocks = problem.format().blocks(g.n());
        int lanes = problem.format().lanes();
        int group = product.tile().group();
        int parts = 1;
        List<Launch> launches = new ArrayList<>();
        switch (problem.direction()) {
            case "forward" -> {
                Launch launch = new Launch(FILE, "conv2d_forward_implicit").buffers("input", "weight");
                if (g.bias()) {
                    launch.buffers("bias");
                }
                launches.add(sizes(launch.buffers("output"), g, blocks).groups(product.tiles() * g.groups(), group));
            }
            case "backwardInput" ->
                launches.add(sizes(
                                new Launch(FILE, "conv2d_backward_input_implicit")
                                        .buffers("gradOutput", "weight", "gradInput"),
                                g,
                                blocks)
                        .groups(product.tiles() * g.groups(), group));
            case "backwardWeight" -> {
                parts = parts(product, g.groups());
                int weights = g.weightShape().elements();
                Launch launch = new Launch(FILE, "conv2d_backward_weight_implicit").buffers("input", "gradOutput");
                if (parts == 1) {
                    launch.buffers("gradWeight");
                } else {
                    launch.workspace("parts", (long) parts * weights);
                }
                launches.add(sizes(launch, g, blocks).groups(product.tiles() * g.groups() * parts, group));
                if (parts > 1) {
                    launches.add(new Launch(FILE, "conv2d_sum_weight_parts")
                            .workspace("parts", (long) parts * weights)
                            .buffers("gradWeight")
                            .ints(weights)
                            .elements(weights));
                }
            }
            default ->
                launches.add(new Launch(FILE, "conv2d_backward_bias_implicit")
                        .buffers("gradOutput", "gradBias")
                        .ints(blocks, g.k(), g.oh() * g.ow() * lanes)
                        .groups(g.k(), group));
        }
        for (Launch launch : launches) {
            product.tile()
                    .define(launch.window(g.window()))
                    .define("LANES", lanes)
                    .define("GROUPS", g.groups())
                    .define("HAS_BIAS", g.bias() ? 1 : 0)
                    .define("SPLIT", parts);
        }
        return launches;
    }

    private static Launch sizes(Launch launch, Conv2d g, int blocks) {
        return launch.ints(blocks, g.c(), g.h(), g.w(), g.k(), g.oh(), g.ow());
    }
}
