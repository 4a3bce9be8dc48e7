package dev.clave.op;

import java.util.List;

/** Softmax and log-softmax with OpenCL: one work-item per sample. */
final class SoftmaxOpenCl {
    private SoftmaxOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            boolean forward = problem.direction().equals("forward");
            Launch launch = ReferenceOpenCl.launch(problem);
            if (forward) {
                launch.buffers("input", "output");
            } else {
                launch.buffers("output", "gradOutput", "gradInput");
            }
            int classes = problem.slot("output").shape().extent(1);
            int samples = problem.slot("output").shape().elements() / classes;
            return launch.ints(samples, classes).elements(samples);
        });
    }
}
