package dev.clave.op;

import java.util.List;

/** Batch normalisation with given statistics with OpenCL: one work-item per element. */
final class BatchNormInferenceOpenCl {
    private BatchNormInferenceOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            BatchNormInference g = (BatchNormInference) problem.geometry();
            int total = problem.slot("output").shape().elements();
            return ReferenceOpenCl.launch(problem)
                    .buffers("input", "scale", "bias", "mean", "variance", "output")
                    .ints(total, g.c(), g.positions())
                    .real(g.epsilon())
                    .elements(total);
        });
    }
}
