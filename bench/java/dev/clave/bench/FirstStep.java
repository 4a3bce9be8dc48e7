package dev.clave.bench;

import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;

/** Starts, trains one step and says what is done; whoever started it looks at the clock. */
public final class FirstStep {
    private FirstStep() {}

    /** Takes the selector of a device. */
    public static void main(String[] arguments) {
        System.out.println("main");
        ImageDataset data = BuiltInDigits.generate(64, 1);
        System.out.println("data");
        try (Device device = Device.open(arguments[0]);
                Model model = new Model(device, Network.of("relu"))) {
            System.out.println("device");
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            model.fit(FitOptions.of(data).batchSize(64).verbose(0));
            System.out.println("first step");
        }
    }
}
