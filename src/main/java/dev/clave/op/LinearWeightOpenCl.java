package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Weight gradient of linear layers: vectors across input channels, samples turned round. */
final class LinearWeightOpenCl implements OpenClCandidate {
    /** Most sums that stay in the registers beside the operands. */
    private static final int MOST = 20;

    private final Settings set;

    LinearWeightOpenCl() {
        this(Settings.NONE);
    }

    private LinearWeightOpenCl(Settings set) {
        this.set = set;
    }

    @Override
    public OpenClCandidate with(Map<String, Integer> parameters) {
        return new LinearWeightOpenCl(Settings.of(name(), parameters, "KL"));
    }

    @Override
    public List<Map<String, Integer>> space(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        int kg = g.k() / g.groups();
        Settings.Space space = new Settings.Space(Map.of("KL", rows(kg)));
        for (int rows = MOST; rows >= 4; rows--) {
            if (kg % rows == 0 || rows == 12 || rows == 8) {
                space.but("KL", rows(kg), Math.min(kg, rows));
            }
        }
        return space.where(settings -> true);
    }

    @Override
    public String name() {
        return "linear_weight";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        if (!problem.direction().equals("backwardWeight")) {
            return "weight gradients only";
        }
        if (device.isGpu()) {
            return "made for vectors of a CPU";
        }
        if (problem.format().lanes() == 1 || problem.format().real() != DType.F32) {
            return "samples do not lie side by side in single precision";
        }
        Conv2d g = (Conv2d) problem.geometry();
        if (!g.window().equals(Window.of(1, 1))) {
            return "the kernel is not 1x1 with stride 1 and no padding";
        }
        if (g.oh() * g.ow() > 1) {
            return "images of more than one pixel: turning each round costs more than it saves";
        }
        return set.outside("KL", 1, MOST);
    }

    @Override
    public @Nullable String doubts(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        return g.c() / g.groups() < problem.format().lanes() / 2 ? "too few channels for a vector" : null;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Conv2d g = (Conv2d) problem.geometry();
        int lanes = problem.format().lanes();
        int kg = g.k() / g.groups();
        int rows = set.get("KL", rows(kg));
        Launch launch = new Launch("conv2d", "conv2d_backward_weight_linear")
                .buffers("input", "gradOutput", "gradWeight")
                .ints(problem.format().blocks(g.n()), g.c(), g.k())
                .window(g.window())
                .define("GROUPS", g.groups())
                .define("KL", rows)
                .define("KL_DIVIDES", kg % rows == 0 ? 1 : 0)
                .tiles((long) g.groups() * ((g.c() / g.groups() + lanes - 1) / lanes));
        return List.of(Conv2dOpenCl.format(launch, problem.format()));
    }

    /** Output channels at a time: the largest divisor that fits, else twelve with a guarded tail. */
    private static int rows(int channels) {
        for (int rows = MOST; rows >= 5; rows--) {
            if (channels % rows == 0) {
                return rows;
            }
        }
        return Math.min(channels, 12);
    }
}
