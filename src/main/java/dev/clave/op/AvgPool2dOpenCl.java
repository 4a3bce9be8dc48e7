package dev.clave.op;

import java.util.List;

/** Average pooling with OpenCL: rows of planes over vectors of samples, and one work-item per element. */
final class AvgPool2dOpenCl {
    private AvgPool2dOpenCl() {}

    static List<OpenClCandidate> candidates() {
        ReferenceOpenCl reference = new ReferenceOpenCl(problem -> {
            AvgPool2d g = (AvgPool2d) problem.geometry();
            String from = problem.direction().equals("forward") ? "input" : "gradOutput";
            String to = problem.direction().equals("forward") ? "output" : "gradInput";
            int total = problem.slot(to).shape().elements();
            return ReferenceOpenCl.launch(problem)
                    .window(g.window())
                    .buffers(from, "reciprocal", to)
                    .ints(total, g.h(), g.w(), g.oh(), g.ow())
                    .elements(total);
        });
        return List.of(new PoolRowsOpenCl(), reference);
    }
}
