package dev.clave.op;

import java.util.List;

/** Max pooling with OpenCL: rows of planes over vectors of samples, and one work-item per element. */
final class MaxPool2dOpenCl {
    private MaxPool2dOpenCl() {}

    static List<OpenClCandidate> candidates() {
        ReferenceOpenCl reference = new ReferenceOpenCl(problem -> {
            MaxPool2d g = (MaxPool2d) problem.geometry();
            boolean forward = problem.direction().equals("forward");
            int total = problem.slot(forward ? "output" : "gradInput").shape().elements();
            Launch launch = ReferenceOpenCl.launch(problem).window(g.window());
            if (forward) {
                launch.buffers("input", "output", "argmax");
            } else {
                launch.buffers("gradOutput", "argmax", "gradInput");
            }
            return launch.ints(total, g.h(), g.w(), g.oh(), g.ow()).elements(total);
        });
        return List.of(new PoolRowsOpenCl(), reference);
    }
}
