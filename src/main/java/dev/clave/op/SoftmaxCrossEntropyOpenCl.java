package dev.clave.op;

import java.util.List;

/** Softmax cross-entropy with OpenCL: one work-item per sample. */
final class SoftmaxCrossEntropyOpenCl {
    private SoftmaxCrossEntropyOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            SoftmaxCrossEntropy g = (SoftmaxCrossEntropy) problem.geometry();
            int samples = g.samples(problem.format());
            Launch launch = ReferenceOpenCl.launch(problem)
                    .define("IGNORE", "(" + g.ignoreIndex() + ")")
                    .buffers("logits", "labels");
            if (problem.direction().equals("forward")) {
                launch.buffers("loss", "correct").ints(samples, g.classes()).late("row", true);
            } else {
                launch.buffers("gradInput").ints(samples, g.classes()).late("scale", false);
            }
            return launch.elements(samples);
        });
    }
}
