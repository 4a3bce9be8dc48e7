package dev.clave.op;

import dev.clave.DType;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Softmax cross-entropy with OpenCL: one work-item per sample, or per block of samples that lie side by side. */
final class SoftmaxCrossEntropyOpenCl implements OpenClCandidate {
    private final boolean lanes;

    private SoftmaxCrossEntropyOpenCl(boolean lanes) {
        this.lanes = lanes;
    }

    static List<OpenClCandidate> candidates() {
        return List.of(new SoftmaxCrossEntropyOpenCl(true), new SoftmaxCrossEntropyOpenCl(false));
    }

    @Override
    public String name() {
        return lanes ? "lanes" : "reference";
    }

    @Override
    public @Nullable String refuses(Problem problem, OpenClDevice device) {
        if (!lanes) {
            return null;
        }
        if (problem.format().lanes() == 1) {
            return "samples do not lie side by side";
        }
        return problem.format().real() == DType.F32 ? null : "single precision only";
    }

    @Override
    public List<Launch> launches(Problem problem, OpenClDevice device) {
        SoftmaxCrossEntropy g = (SoftmaxCrossEntropy) problem.geometry();
        int samples = g.samples(problem.format());
        boolean forward = problem.direction().equals("forward");
        int items = lanes ? samples / problem.format().lanes() : samples;
        Launch launch = new Launch(
                        "softmax_cross_entropy",
                        "softmax_cross_entropy_" + (forward ? "forward_" : "backward_input_") + name())
                .define("IGNORE", "(" + g.ignoreIndex() + ")")
                .buffers("logits", "labels");
        if (forward) {
            launch.buffers("loss", "correct").ints(items, g.classes()).late("row", true);
        } else {
            launch.buffers("gradInput").ints(items, g.classes()).late("scale", false);
        }
        Conv2dOpenCl.format(launch, problem.format());
        return List.of(lanes ? launch.tiles(items) : launch.elements(items));
    }
}
