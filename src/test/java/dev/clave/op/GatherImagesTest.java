package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The batch gather against its definition: whole and partial batches, padding, every layout. */
@ExtendWith(TestDevices.Parameter.class)
class GatherImagesTest {
    private final TestDevices devices;

    GatherImagesTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void picksScalesAndPads() {
        check(new GatherImages(9, 5, 2, 3, 4, 1, -100), 5, 3, 0);
    }

    /** Rows that are at least a vector wide are turned in registers, the last vector overlapping the one before. */
    @Test
    void turnsWideRows() {
        check(new GatherImages(70, 51, 2, 3, 21, 2, -1), 51, 48, 33, 1);
        check(new GatherImages(40, 16, 1, 2, 32, 0, -1), 16, 15);
    }

    private void check(GatherImages g, int... lives) {
        SplittableRandom random = new SplittableRandom(2);
        int pixels = g.c() * g.h() * g.w();
        byte[] images = new byte[g.count() * pixels];
        random.nextBytes(images);
        int[] labels = new int[g.count()];
        int[] order = new int[g.count()];
        for (int i = 0; i < g.count(); i++) {
            labels[i] = random.nextInt(10);
            int swap = random.nextInt(i + 1);
            order[i] = order[swap];
            order[swap] = i;
        }
        int first = 3;
        int rows = g.h() + 2 * g.pad();
        int columns = g.w() + 2 * g.pad();
        for (int live : lives) {
            OpCase op = new OpCase(
                    g + ", live " + live,
                    g,
                    "forward",
                    Map.of("images", images, "labels", labels, "order", order),
                    Map.of("first", (double) first, "live", (double) live),
                    Map.of());
            float[] expected = new float[g.n() * g.c() * rows * columns];
            int[] expectedLabels = new int[g.n()];
            for (int n = 0; n < g.n(); n++) {
                expectedLabels[n] = n < live ? labels[order[first + n]] : g.ignoreIndex();
            }
            for (int i = 0; i < expected.length; i++) {
                int n = i / columns / rows / g.c();
                int channel = i / columns / rows % g.c();
                int y = i / columns % rows - g.pad();
                int x = i % columns - g.pad();
                boolean inside = y >= 0 && y < g.h() && x >= 0 && x < g.w();
                int pixel = inside && n < live
                        ? Byte.toUnsignedInt(images[((order[first + n] * g.c() + channel) * g.h() + y) * g.w() + x])
                        : 0;
                float scaled = (pixel - 127.5f) * (1 / 127.5f);
                expected[i] = n >= live ? 0 : inside ? scaled : -1;
            }
            devices.forEach(g, "forward", new int[] {1, 2, 4, 8, 16}, place -> {
                Map<String, Object> got = Harness.run(place, op);
                assertArrayEquals(expected, (float[]) got.get("output"), place + " " + op.name());
                assertArrayEquals(expectedLabels, (int[]) got.get("batchLabels"), place + " " + op.name());
            });
        }
    }
}
