package embedding;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Tensor;
import dev.clave.interop.FfmInterop;
import dev.clave.op.Conv2d;
import dev.clave.op.Invocation;

/** The same in the context, on the queue and in the buffers of an application that uses java.lang.foreign. */
final class WithFfm {
    private WithFfm() {}

    static void run(Conv2d conv, FfmHost host) {
        try (Device device = FfmInterop.adopt(host.context, host.device, host.queue);
                Tensor input = FfmInterop.adopt(device, host.input, DType.F32, conv.inputShape());
                Tensor weight = FfmInterop.adopt(device, host.weight, DType.F32, conv.weightShape());
                Tensor bias = FfmInterop.adopt(device, host.bias, DType.F32, conv.biasShape());
                Tensor output = FfmInterop.adopt(device, host.output, DType.F32, conv.outputShape());
                Tensor gradOutput = FfmInterop.adopt(device, host.gradOutput, DType.F32, conv.outputShape());
                Tensor gradInput = FfmInterop.adopt(device, host.gradInput, DType.F32, conv.inputShape());
                Tensor gradWeight = FfmInterop.adopt(device, host.gradWeight, DType.F32, conv.weightShape());
                Tensor gradBias = FfmInterop.adopt(device, host.gradBias, DType.F32, conv.biasShape());
                Invocation forward = conv.prepare(device, "forward");
                Invocation backInput = conv.prepare(device, "backwardInput");
                Invocation backWeight = conv.prepare(device, "backwardWeight");
                Invocation backBias = conv.prepare(device, "backwardBias")) {
            forward.bind("input", input).bind("weight", weight).bind("bias", bias).bind("output", output).run();
            backInput.bind("gradOutput", gradOutput).bind("weight", weight).bind("gradInput", gradInput).run();
            backWeight.bind("input", input).bind("gradOutput", gradOutput).bind("gradWeight", gradWeight).run();
            try (Event last = backBias.bind("gradOutput", gradOutput).bind("gradBias", gradBias).runAsync()) {
                host.waitFor(FfmInterop.event(last));
            }
        }
    }
}
