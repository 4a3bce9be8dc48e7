package dev.clave.nn;

import dev.clave.Device;
import dev.clave.data.ImageDataset;
import dev.clave.internal.rng.Philox;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Small data and networks, and every device. */
final class TestData {
    static final int SIDE = 12;

    private TestData() {}

    /** Ten classes: a bright row at one of ten heights, with noise. */
    static ImageDataset rows(int count, int stream) {
        byte[] pixels = new byte[count * SIDE * SIDE];
        int[] labels = new int[count];
        Philox random = new Philox(5, stream);
        for (int n = 0; n < count; n++) {
            labels[n] = random.nextInt(10);
            for (int i = 0; i < SIDE * SIDE; i++) {
                pixels[n * SIDE * SIDE + i] = (byte) (random.nextInt(110) + (i / SIDE == labels[n] + 1 ? 120 : 0));
            }
        }
        return new ImageDataset("rows", SIDE, SIDE, 10, pixels, labels);
    }

    /** A convolution, dropout and a linear layer. */
    static Layer network(double dropout) {
        return new Sequential(
                Layers.conv2d(1, 2, Window.of(3, 3).stride(2, 2)),
                Layers.relu(),
                Layers.flatten(),
                Layers.dropout(dropout),
                Layers.linear(2 * 5 * 5, 10));
    }

    static Model model(Device device, double dropout) {
        return new Model(device, network(dropout), InputSpec.image(1, SIDE, SIDE)).seed(7);
    }

    /** Prepared with Adam and accuracy. */
    static Model prepared(Device device) {
        return model(device, 0).prepare(Optimizer.adam(0.01), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
    }

    static void everyDevice(Consumer<Device> test) {
        List<String> selectors = new ArrayList<>(List.of("cpu"));
        for (int i = 0; i < Device.list().size(); i++) {
            selectors.add(String.valueOf(i));
        }
        for (String selector : selectors) {
            try (Device device = Device.open(selector)) {
                test.accept(device);
                if (device.liveBytes() != 0) {
                    throw new AssertionError(device.name() + " leaks " + device.liveBytes() + " bytes");
                }
            }
        }
    }

    /** All weights, one after another. */
    static List<Float> weights(Model model) {
        List<Float> all = new ArrayList<>();
        for (String name : model.parameters().keySet()) {
            for (float value : model.values(name)) {
                all.add(value);
            }
        }
        return all;
    }
}
