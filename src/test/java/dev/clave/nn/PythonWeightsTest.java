package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.clave.io.Safetensors;
import java.nio.file.Path;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A weights file that Python's safetensors wrote (src/test/resources/safetensors/torch_lenet.py). */
class PythonWeightsTest {
    private static final Path FILE = Path.of("src/test/resources/safetensors/python_relu.safetensors");

    @Test
    void holdsTheWeights() {
        Safetensors expected = Safetensors.read(Path.of("reference-data/lenet/relu_weights.safetensors"));
        Safetensors got = Safetensors.read(FILE);
        assertEquals("relu", got.metadata().get("network"));
        assertEquals(new TreeSet<>(expected.names()), new TreeSet<>(got.names()));
        for (String name : got.names()) {
            assertEquals(expected.shape(name), got.shape(name), name);
            assertArrayEquals(expected.floats(name), got.floats(name), name);
        }
    }

    /** PyTorch's logits, within the bound of LeNetTest. */
    @Test
    void givesPyTorchsLogits() {
        Safetensors golden = Safetensors.read(Path.of("reference-data/lenet/relu.safetensors"));
        float[] logits = golden.floats("logits");
        float most = 0;
        for (float logit : logits) {
            most = Math.max(most, Math.abs(logit));
        }
        float bound = 2 * 400 * 0x1p-24f * most;
        TestData.everyDevice(device -> {
            try (Model model = new Model(device, Network.of(FILE))) {
                model.load(FILE);
                float[][] got = model.predictBatch(golden.floats("input"), 4);
                for (int i = 0; i < logits.length; i++) {
                    assertEquals(logits[i], got[i / 10][i % 10], bound, "logit " + i);
                }
            }
        });
    }
}
