package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of the original. */
class SummaryTest {
    private static List<String> lines(Network network) {
        try (Device device = Device.cpu();
                Model model = new Model(device, network)) {
            return model.summary()
                    .toString()
                    .lines()
                    .map(line -> line.strip().replaceAll(" {2,}", " | "))
                    .toList();
        }
    }

    @Test
    void reluIsTheTableOfTheOriginal() {
        assertEquals(
                List.of(
                        "-".repeat(75),
                        "Layer (type) | Input Shape | Output Shape | Param #",
                        "=".repeat(75),
                        "Conv2D-1 | [[1, 1, 28, 28]] | [1, 6, 28, 28] | 60",
                        "ReLU-1 | [[1, 6, 28, 28]] | [1, 6, 28, 28] | 0",
                        "MaxPool2D-1 | [[1, 6, 28, 28]] | [1, 6, 14, 14] | 0",
                        "Conv2D-2 | [[1, 6, 14, 14]] | [1, 16, 10, 10] | 2,416",
                        "ReLU-2 | [[1, 16, 10, 10]] | [1, 16, 10, 10] | 0",
                        "MaxPool2D-2 | [[1, 16, 10, 10]] | [1, 16, 5, 5] | 0",
                        "Linear-1 | [[1, 400]] | [1, 120] | 48,120",
                        "Linear-2 | [[1, 120]] | [1, 84] | 10,164",
                        "Linear-3 | [[1, 84]] | [1, 10] | 850",
                        "=".repeat(75),
                        "Total params: 61,610",
                        "Trainable params: 61,610",
                        "Non-trainable params: 0",
                        "-".repeat(75),
                        "Input size (MB): 0.00",
                        "Forward/backward pass size (MB): 0.11",
                        "Params size (MB): 0.24",
                        "Estimated Total Size (MB): 0.35",
                        "-".repeat(75)),
                lines(Network.of("relu")));
    }

    @Test
    void tanhHasItsFigures() {
        List<String> lines = lines(Network.of("tanh"));
        assertEquals("Conv2D-1 | [[1, 1, 32, 32]] | [1, 6, 28, 28] | 156", lines.get(3));
        assertTrue(lines.contains("AvgPool2D-2 | [[1, 16, 10, 10]] | [1, 16, 5, 5] | 0"), lines.toString());
        assertTrue(lines.contains("Sigmoid-2 | [[1, 16, 5, 5]] | [1, 16, 5, 5] | 0"), lines.toString());
        assertTrue(lines.contains("Linear-1 | [[1, 120]] | [1, 84] | 10,164"), lines.toString());
        assertTrue(
                lines.containsAll(List.of(
                        "Total params: 61,706",
                        "Input size (MB): 0.00",
                        "Forward/backward pass size (MB): 0.12",
                        "Params size (MB): 0.24",
                        "Estimated Total Size (MB): 0.36")),
                lines.toString());
    }

    /** One layer read twice, and a constant. */
    private static final class Odd extends Layer {
        private final Layer linear = child("linear", Layers.linear(4, 4));
        private final Parameter constant = buffer("constant", Initializer.constant(1), 1, 7);

        @Override
        protected Value forward(Value input) {
            assertEquals(7, constant.shape().elements());
            return linear.apply(
                    Layers.relu().apply(linear.apply(Layers.flatten().apply(input))));
        }
    }

    @Test
    void parametersAreCountedOnce() {
        Summary summary = new Summary(new Odd(), 3, 1, 2, 2);
        assertEquals(
                List.of("Linear-1", "Linear-2"),
                summary.rows().stream().map(Summary.Row::name).toList());
        assertEquals(20, summary.rows().get(0).parameters());
        assertEquals(0, summary.rows().get(1).parameters());
        assertEquals(27, summary.totalParameters());
        assertEquals(20, summary.trainableParameters());
        assertEquals(List.of(3, 4), summary.rows().get(0).outputShape());
        assertTrue(summary.toString().contains("Non-trainable params: 7"));
        assertThrows(IllegalArgumentException.class, () -> new Summary(new Odd(), 4));
    }

    @Test
    void workIsShownOnRequest() {
        Summary summary = new Summary(new Sequential(Layers.flatten(), Layers.linear(400, 120)), 2, 16, 5, 5);
        assertEquals(0, summary.rows().get(0).flops());
        double work = summary.rows().get(1).flops();
        assertTrue(work >= 2.0 * 2 * 400 * 120 && work < 1.02 * 2 * 2 * 400 * 120, "flops " + work);
        assertTrue(summary.table(true).contains("MFLOPs"));
        assertTrue(!summary.table(false).contains("MFLOPs"));
    }
}
