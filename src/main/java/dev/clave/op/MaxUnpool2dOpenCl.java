package dev.clave.op;

import java.util.List;

/** Max unpooling with OpenCL: one work-item per plane, so that of several values for one place the last stays. */
final class MaxUnpool2dOpenCl {
    private MaxUnpool2dOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            MaxUnpool2d g = (MaxUnpool2d) problem.geometry();
            int planes = problem.slot("input").shape().elements() / (g.h() * g.w());
            return ReferenceOpenCl.launch(problem)
                    .buffers("input", "argmax", "output")
                    .ints(planes, g.h() * g.w(), g.planeH(), g.planeW(), g.oh(), g.ow())
                    .elements(planes);
        });
    }
}
