package dev.clave.op;

import java.util.List;

/** Dropout with OpenCL: one work-item per element. */
final class DropoutOpenCl {
    private DropoutOpenCl() {}

    static List<OpenClCandidate> candidates() {
        return ReferenceOpenCl.only(problem -> {
            Dropout g = (Dropout) problem.geometry();
            boolean forward = problem.direction().equals("forward");
            String to = forward ? "output" : "gradInput";
            int total = problem.slot(to).shape().elements();
            return new Launch("dropout", "dropout_reference")
                    .define("THRESHOLD", g.threshold())
                    .define("SCALE", g.scale())
                    .define("SEED0", Integer.toUnsignedString((int) g.seed()) + "u")
                    .define("SEED1", Integer.toUnsignedString((int) (g.seed() >>> 32)) + "u")
                    .define("LAYER", g.layer())
                    .buffers(forward ? "input" : "gradOutput", to)
                    .ints(total, g.features())
                    .late("step", true)
                    .late("first_sample", true)
                    .elements(total);
        });
    }
}
