package dev.clave.internal.jar;

import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.nn.FitOptions;
import dev.clave.nn.FitResult;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import java.nio.file.Path;

/** What the tests run in a process of its own: trains some steps, saves the weights, divides by zero. */
final class TrainingProgram {
    static final int DIVISIONS = 200_000;

    private TrainingProgram() {}

    /**
     * Prints what was used and how many divisions by zero threw.
     *
     * @param arguments binding, steps, file for the weights
     */
    public static void main(String[] arguments) {
        System.out.println(Device.survey(arguments[0]).bindingReport());
        try (Device device = Device.open("opencl", arguments[0])) {
            System.out.println("used " + device.info().binding() + " from "
                    + Device.class.getModule().getName());
            System.out.println("thrown after opening " + thrown(DIVISIONS / 2));
            try (Model model = new Model(device, Network.of("relu")).seed(7)) {
                model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
                FitResult result = model.fit(FitOptions.of(BuiltInDigits.generate(4000, 1))
                        .batchSize(64)
                        .numIters(Integer.parseInt(arguments[1]))
                        .verbose(0));
                System.out.println("loss " + result.epochs().get(0).get("loss"));
                model.save(Path.of(arguments[2]));
            }
            System.out.println("thrown after training " + thrown(DIVISIONS / 2));
        }
    }

    private static int thrown(int count) {
        int thrown = 0;
        for (int i = 0; i < count; i++) {
            try {
                if (divide(i, 0) == Integer.MIN_VALUE) {
                    System.out.println("no quotient can be this");
                }
            } catch (ArithmeticException e) {
                thrown++;
            }
        }
        return thrown;
    }

    private static int divide(int dividend, int divisor) {
        return dividend / divisor;
    }
}
