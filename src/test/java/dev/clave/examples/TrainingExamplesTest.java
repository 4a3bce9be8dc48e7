package dev.clave.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.data.Mnist;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitOptions;
import dev.clave.nn.FitResult;
import dev.clave.nn.InputSpec;
import dev.clave.nn.Layer;
import dev.clave.nn.Layers;
import dev.clave.nn.LeNet;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Optimizer;
import dev.clave.nn.Sequential;
import dev.clave.op.Window;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The training examples do what they say, and the ways to write a network are one network. */
class TrainingExamplesTest {
    private static final Mnist.Split DIGITS =
            new Mnist.Split(BuiltInDigits.generate(2000, 1), BuiltInDigits.generate(300, 2));

    @Test
    void theTutorialRuns(@TempDir Path folder) {
        try (Device device = Device.open("auto")) {
            double accuracy = TutorialExample.run(device, DIGITS, 2, folder.resolve("lenet.safetensors"))
                    .get("acc");
            assertTrue(accuracy > 0.8, "accuracy " + accuracy);
            assertEquals(0, device.liveBytes());
        }
    }

    @Test
    void theCallbackStops() {
        try (Device device = Device.open("auto");
                Model model = new Model(device, new LeNet(10), InputSpec.image(1, 28, 28))) {
            model.prepare(Optimizer.adam(0.002), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
            FitResult result = model.fit(FitOptions.of(DIGITS.train())
                    .evalData(DIGITS.test())
                    .batchSize(32)
                    .epochs(20)
                    .verbose(0)
                    .callbacks(new OwnCallbackExample(0.7)));
            assertTrue(result.stopped());
            int last = result.epochs().size() - 1;
            assertTrue(result.epochs().get(last).get("evalAcc") >= 0.7);
            assertTrue(last == 0 || result.epochs().get(last - 1).get("evalAcc") < 0.7);
        }
    }

    private static Layer list() {
        Window half = Window.of(2, 2).stride(2, 2);
        return new Sequential(
                Layers.conv2d(1, 6, Window.of(3, 3).pad(1)),
                Layers.relu(),
                Layers.maxPool2d(half),
                Layers.conv2d(6, 16, Window.of(5, 5)),
                Layers.relu(),
                Layers.maxPool2d(half),
                Layers.flatten(),
                Layers.linear(400, 120),
                Layers.linear(120, 84),
                Layers.linear(84, 10));
    }

    /** Layer list, own class, ready made, and its static maker: same parameters, same seed, same training. */
    @Test
    void allWaysAreOneNetwork() {
        try (Device device = Device.open("auto")) {
            float[] expected = null;
            for (Layer layer : List.of(list(), new OwnNetworkExample(), new LeNet(10), LeNet.relu(10))) {
                try (Model model = new Model(device, layer, InputSpec.image(1, 28, 28)).seed(3)) {
                    assertEquals(61_610, model.parameterCount());
                    model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
                    model.fit(FitOptions.of(DIGITS.train())
                            .batchSize(64)
                            .numIters(5)
                            .verbose(0));
                    List<String> names = new ArrayList<>(model.parameters().keySet());
                    float[] last = model.values(names.get(names.size() - 2));
                    expected = expected == null ? last : expected;
                    assertArrayEquals(expected, last, layer.type());
                }
            }
        }
    }

    @Test
    void readyMadeNetworksHaveTheirForms() {
        try (Device device = Device.cpu()) {
            LeNet.Form usual = LeNet.Form.usual();
            assertEquals(61_610 + 176 * 120, count(device, new LeNet(10, usual.images(32, 32)), 32));
            assertEquals(61_610 - 850 - 10_164 - 48_120, count(device, new LeNet(0), 28));
            assertEquals(61_610 - 850 - 10_164 - 48_120, count(device, new LeNet(-1), 28));
            assertEquals(61_706 - 850 - 10_164, count(device, LeNet.tanh(0), 32));
            assertEquals(61_610 + 85, count(device, new LeNet(11), 28));
            LeNet dropped = new LeNet(10, usual.dropout(0.5));
            assertEquals(
                    new LeNet(10).parameters().keySet(), dropped.parameters().keySet());
            assertEquals(
                    LeNet.tanh(10).parameters().keySet(),
                    LeNet.tanh(10, 0.5).parameters().keySet());
            assertEquals(0, differences(device, new LeNet(10, usual), 0));
            assertTrue(differences(device, new LeNet(10, usual.leaky(0.3)), 0) > 0);
            assertEquals(0, differences(device, dropped, 0), "dropout acts in training only");
            assertTrue(differences(device, dropped, 1) > 0);
        }
    }

    private static int count(Device device, Layer layer, int side) {
        try (Model model = new Model(device, layer, InputSpec.image(1, side, side))) {
            return model.parameterCount();
        }
    }

    /** Outputs that differ from those of the usual network after some steps. */
    private static int differences(Device device, Layer layer, int steps) {
        float[][] outputs = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (Model model = new Model(device, i == 0 ? new LeNet(10) : layer, InputSpec.image(1, 28, 28)).seed(3)) {
                model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
                if (steps > 0) {
                    model.fit(FitOptions.of(DIGITS.train())
                            .batchSize(8)
                            .numIters(steps)
                            .verbose(0));
                }
                outputs[i] = model.predictBatch(model.normalise(DIGITS.test(), 0), 1)[0];
            }
        }
        int different = 0;
        for (int c = 0; c < 10; c++) {
            different += outputs[0][c] != outputs[1][c] ? 1 : 0;
        }
        return different;
    }
}
