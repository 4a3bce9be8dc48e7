package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pooling where a vector holds the samples of a block: one work-item takes rows of one plane. */
final class PoolRowsOpenCl implements OpenClCandidate {
    /** Work-items enough to keep two to eight cores busy; with fewer planes each is cut into rows. */
    private static final int ENOUGH = 16;

    @Override
    public String name() {
        return "rows";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        if (problem.format().lanes() == 1) {
            return "samples do not lie side by side";
        }
        return problem.format().real() == DType.F32 ? null : "single precision only";
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        boolean max = problem.geometry() instanceof MaxPool2d;
        boolean forward = problem.direction().equals("forward");
        int[] extents = problem.slot(forward ? "input" : "gradInput").shape().toArray();
        int[] out = problem.slot(forward ? "output" : "gradOutput").shape().toArray();
        int planes = extents[0] * extents[1];
        int all = forward ? out[2] : extents[2];
        int rows = planes >= ENOUGH ? all : Math.max(1, all * planes / ENOUGH);
        Launch launch = new Launch(
                        problem.operator(), problem.operator() + (forward ? "_forward_rows" : "_backward_input_rows"))
                .window(max ? ((MaxPool2d) problem.geometry()).window() : ((AvgPool2d) problem.geometry()).window());
        if (max) {
            launch.buffers(
                    forward ? "input" : "gradOutput", forward ? "output" : "argmax", forward ? "argmax" : "gradInput");
        } else {
            launch.buffers(forward ? "input" : "gradOutput", "reciprocal", forward ? "output" : "gradInput");
        }
        launch.ints(planes, rows, extents[2], extents[3], out[2], out[3])
                .tiles((long) planes * ((all + rows - 1) / rows));
        return List.of(Conv2dOpenCl.format(launch, problem.format()));
    }
}
