package dev.clave.internal.jar;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Window;
import java.util.Arrays;

/** What the tests run in a process of its own: lists the backends and convolves on one of them. */
final class BackendProgram {
    private BackendProgram() {}

    /**
     * Prints the backends, who computed and what.
     *
     * @param arguments selectors of devices
     */
    public static void main(String[] arguments) {
        Device.survey("auto")
                .backends()
                .forEach(
                        one -> System.out.println("found " + one.name() + " " + one.priority() + " " + one.provider()));
        for (String selector : arguments) {
            try (Device device = Device.open(selector);
                    Tensor input =
                            device.allocate(DType.F32, Shape.of(1, 1, 3, 3)).write(1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f);
                    Tensor weight =
                            device.allocate(DType.F32, Shape.of(1, 1, 2, 2)).write(1f, 10f, 100f, 1000f);
                    Tensor output = device.allocate(DType.F32, Shape.of(1, 1, 2, 2));
                    Invocation run = Operators.prepare(
                            device,
                            new Conv2d(1, 1, 3, 3, 1, Window.of(2, 2), 1, false).problem("forward", Format.NCHW))) {
                run.bind("input", input)
                        .bind("weight", weight)
                        .bind("output", output)
                        .run();
                System.out.println(selector + ": " + run.candidate() + " of "
                        + device.backend().getClass().getModule().getName() + " says "
                        + Arrays.toString(output.readFloats()));
            }
        }
    }
}
