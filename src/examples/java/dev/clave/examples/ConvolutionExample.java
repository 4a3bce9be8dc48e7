package dev.clave.examples;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Window;

/** The embedding example of the README. */
public final class ConvolutionExample {
    private ConvolutionExample() {}

    /** Convolves a 4x4 image with a 3x3 kernel on the best device. */
    public static float[] convolve(float[] image, float[] kernel) {
        try (Device device = Device.open("auto")) {
            Problem problem = new Conv2d(1, 1, 4, 4, 1, Window.of(3, 3), 1, false).problem("forward", Format.NCHW);
            try (Tensor input = device.allocate(DType.F32, Shape.of(1, 1, 4, 4)).write(image);
                    Tensor weight =
                            device.allocate(DType.F32, Shape.of(1, 1, 3, 3)).write(kernel);
                    Tensor output = device.allocate(DType.F32, Shape.of(1, 1, 2, 2));
                    Invocation conv = Operators.prepare(device, problem)) {
                conv.bind("input", input)
                        .bind("weight", weight)
                        .bind("output", output)
                        .run();
                return output.readFloats();
            }
        }
    }
}
