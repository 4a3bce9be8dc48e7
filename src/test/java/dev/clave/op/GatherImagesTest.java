package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The batch gather against its definition: whole and partial batches, padding, every layout. */
@ExtendWith(TestDevices.Parameter.class)
class GatherImagesTest {
    private static final GatherImages GEOMETRY = new GatherImages(9, 5, 2, 3, 4, 1, -100);

    private final TestDevices devices;

    GatherImagesTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void picksScalesAndPads() {
        int pixels = 2 * 3 * 4;
        byte[] images = new byte[9 * pixels];
        new SplittableRandom(2).nextBytes(images);
        int[] labels = {4, 0, 3, 9, 2, 7, 1, 1, 8};
        int[] order = {8, 3, 0, 5, 2, 7, 1, 6, 4};
        for (int live : new int[] {5, 3, 0}) {
            Map<String, Double> scalars = Map.of("first", 3.0, "live", (double) live);
            OpCase op = new OpCase(
                    "live " + live,
                    GEOMETRY,
                    "forward",
                    Map.of("images", images, "labels", labels, "order", order),
                    scalars,
                    Map.of());
            float[] expected = new float[5 * 2 * 5 * 6];
            int[] expectedLabels = new int[5];
            for (int n = 0; n < 5; n++) {
                expectedLabels[n] = n < live ? labels[order[3 + n]] : -100;
                for (int i = 0; i < 60; i++) {
                    int y = i / 6 % 5 - 1;
                    int x = i % 6 - 1;
                    boolean inside = y >= 0 && y < 3 && x >= 0 && x < 4;
                    int pixel = inside && n < live
                            ? Byte.toUnsignedInt(images[order[3 + n] * pixels + i / 30 * 12 + y * 4 + x])
                            : 0;
                    float scaled = (pixel - 127.5f) * (1 / 127.5f);
                    expected[n * 60 + i] = n >= live ? 0 : inside ? scaled : -1;
                }
            }
            devices.forEach(GEOMETRY, "forward", new int[] {1, 8, 16}, place -> {
                Map<String, Object> got = Harness.run(place, op);
                assertArrayEquals(expected, (float[]) got.get("output"), place + " " + op.name());
                assertArrayEquals(expectedLabels, (int[]) got.get("batchLabels"), place + " " + op.name());
            });
        }
    }
}
