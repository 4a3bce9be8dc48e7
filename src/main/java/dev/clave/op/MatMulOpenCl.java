package dev.clave.op;

import java.util.List;

/** Products of stacks of matrices with OpenCL: one work-item per element. */
final class MatMulOpenCl {
    private MatMulOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            MatMul g = (MatMul) problem.geometry();
            StridedIndex index = g.index(problem.format());
            Launch launch = ReferenceOpenCl.launch(problem)
                    .buffers("a", "b", "output")
                    .ints(index.elements(), g.inner(), g.stepA(problem.format()), g.stepB(problem.format()));
            return index.arguments(launch).elements(index.elements());
        });
    }
}
