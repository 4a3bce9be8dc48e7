package embedding;

import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.op.Conv2d;
import dev.clave.op.Invocation;
import dev.clave.op.Window;

/** A convolution, forward and backward, from float arrays and into float arrays. */
final class FromArrays {
    private FromArrays() {}

    static Results run(Conv2d conv, Device device, Values values) {
        try (Invocation forward = conv.prepare(device, "forward");
                Invocation backInput = conv.prepare(device, "backwardInput");
                Invocation backWeight = conv.prepare(device, "backwardWeight");
                Invocation backBias = conv.prepare(device, "backwardBias");
                Tensor input = forward.allocate("input").write(values.input());
                Tensor weight = forward.allocate("weight").write(values.weight());
                Tensor bias = forward.allocate("bias").write(values.bias());
                Tensor output = forward.allocate("output");
                Tensor gradOutput = backInput.allocate("gradOutput").write(values.gradOutput());
                Tensor gradInput = backInput.allocate("gradInput");
                Tensor gradWeight = backWeight.allocate("gradWeight");
                Tensor gradBias = backBias.allocate("gradBias")) {
            forward.run();
            backInput.bind("weight", weight).run();
            backWeight.bind("input", input).bind("gradOutput", gradOutput).run();
            backBias.bind("gradOutput", gradOutput).run();
            return new Results(
                    output.readFloats(), gradInput.readFloats(), gradWeight.readFloats(), gradBias.readFloats());
        }
    }
}
