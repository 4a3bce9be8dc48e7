package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The product by tiles in local memory, for GPUs, see kernels/gemm/local.cl. */
final class GemmLocalOpenCl implements OpenClCandidate {
    private final @Nullable LocalTile fixed;

    GemmLocalOpenCl() {
        this(null);
    }

    /** With one tile for every shape; null chooses. */
    GemmLocalOpenCl(@Nullable LocalTile fixed) {
        this.fixed = fixed;
    }

    @Override
    public String name() {
        return "local";
    }

    @Override
    public boolean usesBarriers() {
        return true;
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        return refuses(problem, device, tile((Gemm) problem.geometry(), device));
    }

    /** Why a product in local memory does not pay or fit, null when it does. */
    static @Nullable String refuses(Problem problem, OpenClDevice device, LocalTile tile) {
        if (problem.format().real() != DType.F32) {
            return "single precision only";
        }
        if (!device.isGpu()) {
            return "made for work-groups and local memory of a GPU";
        }
        return tile.refuses(device);
    }

    private LocalTile tile(Gemm g, OpenClDevice device) {
        return fixed == null ? LocalTile.choose(g.m(), g.n(), device) : fixed;
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        Gemm g = (Gemm) problem.geometry();
        LocalTile tile = tile(g, device);
        Launch launch = new Launch("gemm/local", "gemm_forward_local").buffers("a", "b");
        if (g.bias()) {
            launch.buffers("bias");
        }
        launch.buffers("c")
                .ints(g.m(), g.n(), g.k(), g.lda(), g.ldb(), g.ldc())
                .real(g.alpha())
                .real(g.beta())
                .groups(tile.tiles(g.m(), g.n()), tile.group());
        return List.of(tile.define(GemmOpenCl.options(launch, g)));
    }
}
