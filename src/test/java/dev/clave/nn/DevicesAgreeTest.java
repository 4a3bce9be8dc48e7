package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.data.Mnist;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** From the same weights and order of samples, every device sees the same losses, as far as rounding lets it. */
class DevicesAgreeTest {
    private static final int STEPS = 100;
    private static final Path MNIST = Path.of("../shared/data/mnist");

    private static ImageDataset data() {
        if (Files.isDirectory(MNIST)) {
            return Mnist.load(MNIST).train();
        }
        System.out.println("no MNIST in " + MNIST + ", the built-in digits are compared");
        return BuiltInDigits.generate(STEPS * 64, 1);
    }

    @Test
    void theFirstHundredLosses() {
        ImageDataset data = data();
        List<Double> expected = losses(Device.cpu(), data);
        assertEquals(STEPS, expected.size());
        assertTrue(expected.get(STEPS - 1) < expected.get(0) / 2, "it learns: " + expected);
        for (int i = 0; i < Device.list().size(); i++) {
            Device device = Device.open(String.valueOf(i));
            String name = device.name();
            List<Double> got = losses(device, data);
            assertEquals(expected.get(0), got.get(0), 1e-5 * expected.get(0), name + ", first loss");
            for (int step = 0; step < STEPS; step++) {
                assertEquals(expected.get(step), got.get(step), 1e-2 * expected.get(step), name + ", step " + step);
            }
        }
    }

    private static List<Double> losses(Device device, ImageDataset data) {
        List<Double> losses = new ArrayList<>();
        try (device;
                Model model = new Model(device, Network.of("relu")).seed(1)) {
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            model.fit(FitOptions.of(data)
                    .batchSize(64)
                    .shuffle(true)
                    .numIters(STEPS)
                    .verbose(0)
                    .callbacks(new Callback() {
                        @Override
                        public void batchEnd(Context context) {
                            losses.add(context.logs().get("lastLoss"));
                        }
                    }));
        }
        return losses;
    }
}
