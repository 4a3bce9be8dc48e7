package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Both networks: sizes, the same training on every device, and that it learns. */
class LeNetTest {
    /** Ten classes: a bright bar at one of ten heights, with noise. */
    private static ImageDataset bars(int count, int stream) {
        byte[] pixels = new byte[count * 28 * 28];
        int[] labels = new int[count];
        Philox random = new Philox(5, stream);
        for (int n = 0; n < count; n++) {
            labels[n] = random.nextInt(10);
            for (int i = 0; i < 28 * 28; i++) {
                int row = i / 28 - 2 - 2 * labels[n];
                int value = random.nextInt(90) + (row >= 0 && row < 3 ? 160 : 0);
                pixels[n * 28 * 28 + i] = (byte) value;
            }
        }
        return new ImageDataset("bars", 28, 28, 10, pixels, labels);
    }

    @Test
    void parameterCounts() {
        ImageDataset data = bars(8, 1);
        try (Device device = Device.cpu();
                Trainer relu = new Trainer(device, LeNet.relu(), data, null, 4, 0.001, 1);
                Trainer tanh = new Trainer(device, LeNet.tanh(), data, null, 4, 0.001, 1)) {
            assertEquals(61_610, relu.parameters());
            assertEquals(61_706, tanh.parameters());
        }
    }

    @Test
    void devicesAgreeAndLearn() {
        ImageDataset train = bars(330, 1); // the last batch is short
        ImageDataset test = bars(100, 2);
        for (LeNet network : new LeNet[] {LeNet.relu(), LeNet.tanh()}) {
            double[] expected = null;
            for (int i = -1; i < Device.list().size(); i++) {
                try (Device device = i < 0 ? Device.cpu() : Device.open(String.valueOf(i))) {
                    try (Trainer trainer = new Trainer(device, network, train, test, 32, 0.002, 3)) {
                        double first = trainer.train(1, step -> {}).loss();
                        double last = first;
                        for (int epoch = 0; epoch < 4; epoch++) {
                            last = trainer.train(step -> {}).loss();
                        }
                        double[] losses = {first, last};
                        expected = expected == null ? losses : expected;
                        assertEquals(expected[0], first, 1e-5 * expected[0], device.name());
                        assertEquals(expected[1], last, 2e-2 * expected[1] + 1e-3, device.name());
                        if (network.name().equals("relu")) {
                            assertTrue(trainer.evaluate().accuracy() > 0.9, network.name() + " on " + device.name());
                        } else {
                            assertTrue(last < first, network.name() + " on " + device.name());
                        }
                    }
                    assertEquals(0, device.liveBytes(), device.name() + " leaks");
                }
            }
        }
    }

    @Test
    void sameSeedSameBits() {
        ImageDataset data = bars(64, 1);
        try (Device device = Device.open("auto")) {
            double[][] losses = new double[2][];
            for (int run = 0; run < 2; run++) {
                try (Trainer trainer = new Trainer(device, LeNet.relu(), data, null, 16, 0.001, 9)) {
                    losses[run] = new double[] {
                        trainer.train(step -> {}).loss(),
                        trainer.train(step -> {}).loss()
                    };
                }
            }
            assertArrayEquals(losses[0], losses[1], Arrays.toString(losses[0]));
        }
    }

    @Test
    void badArgumentsAreNamed() {
        ImageDataset data = bars(8, 1);
        try (Device device = Device.cpu()) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Trainer(device, LeNet.relu(), data, null, 9, 0.001, 1).close());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Trainer(device, LeNet.relu(), data, null, 4, Double.NaN, 1).close());
            assertThrows(IllegalArgumentException.class, () -> LeNet.of("gelu"));
        }
    }
}
