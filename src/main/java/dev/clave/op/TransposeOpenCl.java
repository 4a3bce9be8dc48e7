package dev.clave.op;

import java.util.List;

/** Transposition with OpenCL: one work-item per element of the output. */
final class TransposeOpenCl {
    private TransposeOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            StridedIndex index = ((Transpose) problem.geometry()).index(problem.format());
            Launch launch =
                    ReferenceOpenCl.launch(problem).buffers("input", "output").ints(index.elements());
            return index.arguments(launch).elements(index.elements());
        });
    }
}
