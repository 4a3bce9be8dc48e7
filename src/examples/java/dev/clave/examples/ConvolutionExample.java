package dev.clave.examples;

import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.op.Conv2d;
import dev.clave.op.Invocation;
import dev.clave.op.Window;

/** The embedding example of the README. */
public final class ConvolutionExample {
    private ConvolutionExample() {}

    /** Convolves a 4x4 image with a 3x3 kernel on the best device. */
    public static float[] convolve(float[] image, float[] kernel) {
        Conv2d conv = new Conv2d(1, 1, 4, 4, 1, Window.of(3, 3), 1, false);
        try (Device device = Device.open("auto");
                Invocation forward = conv.prepare(device, "forward");
                Tensor input = forward.allocate("input");
                Tensor weight = forward.allocate("weight");
                Tensor output = forward.allocate("output")) {
            input.write(image);
            weight.write(kernel);
            forward.run();
            return output.readFloats();
        }
    }
}
