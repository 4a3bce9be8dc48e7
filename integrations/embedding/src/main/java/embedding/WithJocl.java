package embedding;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Tensor;
import dev.clave.interop.JoclInterop;
import dev.clave.op.Conv2d;
import dev.clave.op.Invocation;

/** The same in the context, on the queue and in the buffers of an application that uses JOCL. */
final class WithJocl {
    private WithJocl() {}

    static void run(Conv2d conv, JoclHost host) {
        try (Device device = JoclInterop.adopt(host.context, host.device, host.queue);
                Tensor input = JoclInterop.adopt(device, host.input, DType.F32, conv.inputShape());
                Tensor weight = JoclInterop.adopt(device, host.weight, DType.F32, conv.weightShape());
                Tensor bias = JoclInterop.adopt(device, host.bias, DType.F32, conv.biasShape());
                Tensor output = JoclInterop.adopt(device, host.output, DType.F32, conv.outputShape());
                Tensor gradOutput = JoclInterop.adopt(device, host.gradOutput, DType.F32, conv.outputShape());
                Tensor gradInput = JoclInterop.adopt(device, host.gradInput, DType.F32, conv.inputShape());
                Tensor gradWeight = JoclInterop.adopt(device, host.gradWeight, DType.F32, conv.weightShape());
                Tensor gradBias = JoclInterop.adopt(device, host.gradBias, DType.F32, conv.biasShape());
                Invocation forward = conv.prepare(device, "forward");
                Invocation backInput = conv.prepare(device, "backwardInput");
                Invocation backWeight = conv.prepare(device, "backwardWeight");
                Invocation backBias = conv.prepare(device, "backwardBias")) {
            forward.bind("input", input).bind("weight", weight).bind("bias", bias).bind("output", output).run();
            backInput.bind("gradOutput", gradOutput).bind("weight", weight).bind("gradInput", gradInput).run();
            backWeight.bind("input", input).bind("gradOutput", gradOutput).bind("gradWeight", gradWeight).run();
            try (Event last = backBias.bind("gradOutput", gradOutput).bind("gradBias", gradBias).runAsync()) {
                host.waitFor(JoclInterop.event(last));
            }
        }
    }
}
