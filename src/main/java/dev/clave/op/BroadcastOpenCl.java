package dev.clave.op;

import java.util.List;

/** Broadcasting functions of two tensors with OpenCL: one work-item per element. */
final class BroadcastOpenCl {
    private BroadcastOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Broadcast g = (Broadcast) problem.geometry();
            StridedIndex index = g.index(problem.format());
            Launch launch = ReferenceOpenCl.launch(problem)
                    .choice("KIND", g.kind())
                    .buffers("a", "b", "output")
                    .ints(index.elements());
            return index.arguments(launch).elements(index.elements());
        });
    }
}
