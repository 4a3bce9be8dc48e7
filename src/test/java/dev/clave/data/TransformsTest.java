package dev.clave.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransformsTest {
    private static final Transform ALL = Transforms.compose(
            Transforms.rotate(12),
            Transforms.scale(12),
            Transforms.shear(10),
            Transforms.shift(2),
            Transforms.elastic(34, 4));

    private static byte[] noise(int size, long seed) {
        byte[] image = new byte[size];
        new Random(seed).nextBytes(image);
        return image;
    }

    private static byte[] apply(Transform transform, byte[] image, int height, int width) {
        Augmenter augmenter = new Augmenter(transform, height, width);
        byte[] out = new byte[augmenter.outputHeight() * augmenter.outputWidth()];
        augmenter.apply(image, 0, 1, 0, out, 0);
        return out;
    }

    /** The image whose pixel (row, column) is the one of {@code image} at that index, or background for -1. */
    private static byte[] moved(byte[] image, int height, int width, IntBinaryOperator from) {
        byte[] out = new byte[height * width];
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int index = from.applyAsInt(row, column);
                out[row * width + column] = index < 0 ? 0 : image[index];
            }
        }
        return out;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "28,28", "7,12", "13,5"})
    void nothingChangesNothing(int height, int width) {
        byte[] image = noise(height * width, 1);
        assertArrayEquals(image, apply(Transforms.compose(), image, height, width));
        Transform still = Transforms.compose(
                Transforms.rotate(0), Transforms.scale(0), Transforms.shear(0), Transforms.shift(0), Transforms.pad(0));
        assertArrayEquals(image, apply(still, image, height, width));
        assertArrayEquals(image, apply(Transforms.elastic(0, 4), image, height, width));
    }

    @ParameterizedTest
    @ValueSource(ints = {28, 29, 5, 2})
    void quarterTurnsAreExact(int side) {
        byte[] image = noise(side * side, 2);
        int last = side - 1;
        byte[] clockwise = moved(image, side, side, (row, column) -> (last - column) * side + row);
        assertArrayEquals(clockwise, apply(warp -> warp.rotate(90), image, side, side));
        assertArrayEquals(
                moved(image, side, side, (row, column) -> column * side + last - row),
                apply(warp -> warp.rotate(-90), image, side, side));
        assertArrayEquals(
                moved(image, side, side, (row, column) -> (last - row) * side + last - column),
                apply(warp -> warp.rotate(180), image, side, side));
    }

    @ParameterizedTest
    @CsvSource({"3,0", "0,-2", "-5,4", "40,1", "6,6"})
    void wholeShiftsAreExact(int right, int down) {
        int height = 9;
        int width = 7;
        byte[] image = noise(height * width, 3);
        byte[] expected = moved(image, height, width, (row, column) -> {
            boolean inside = row >= down && row - down < height && column >= right && column - right < width;
            return inside ? (row - down) * width + column - right : -1;
        });
        assertArrayEquals(expected, apply(warp -> warp.shift(right, down), image, height, width));
    }

    @Test
    void halfAPixelIsTheMeanOfTwo() {
        byte[] image = {(byte) 200, 100, 0, 50};
        assertArrayEquals(new byte[] {100, (byte) 150, 50, 25}, apply(warp -> warp.shift(0.5, 0), image, 1, 4));
    }

    @Test
    void scaleAndShearKnownValues() {
        byte[] dot = new byte[25];
        dot[2 * 5 + 3] = (byte) 200;
        byte[] doubled = apply(warp -> warp.scale(2), dot, 5, 5);
        assertEquals(200, doubled[2 * 5 + 4] & 255, "a point one right of the centre goes two right");
        assertEquals(100, doubled[2 * 5 + 3] & 255);
        byte[] low = new byte[25];
        low[4 * 5 + 2] = 77;
        byte[] slanted = apply(warp -> warp.shear(1), low, 5, 5);
        assertEquals(77, slanted[4 * 5 + 4], "two below the centre moves two right");
    }

    @Test
    void partsActInOrderAboutTheCentre() {
        byte[] image = noise(28 * 28, 4);
        byte[] turned = apply(warp -> warp.rotate(90), image, 28, 28);
        byte[] expected = apply(warp -> warp.shift(3, 1), turned, 28, 28);
        Transform both = Transforms.compose(warp -> warp.rotate(90), warp -> warp.shift(3, 1));
        assertArrayEquals(expected, apply(both, image, 28, 28));
        Transform back = warp -> {
            warp.rotate(33);
            warp.scale(1.25);
            warp.scale(0.8);
            warp.rotate(-33);
        };
        assertArrayEquals(image, apply(back, image, 28, 28));
    }

    @Test
    void padAddsBackground() {
        byte[] image = noise(3 * 4, 5);
        byte[] expected = new byte[7 * 8];
        for (int row = 0; row < 3; row++) {
            System.arraycopy(image, row * 4, expected, (row + 2) * 8 + 2, 4);
        }
        assertArrayEquals(expected, apply(Transforms.pad(2), image, 3, 4));
        Transform twice = Transforms.compose(Transforms.pad(1), Transforms.elastic(0, 2), Transforms.pad(1));
        assertArrayEquals(expected, apply(twice, image, 3, 4));
    }

    @Test
    void affineAfterElasticMovesTheDistortion() {
        byte[] image = new byte[28 * 28];
        for (int i = 0; i < image.length; i++) {
            int row = i / 28;
            image[i] = (byte) (int) (127 + 120 * Math.sin(row / 3.0) * Math.cos(i % 28 / 4.0));
        }
        Transform elastic = Transforms.elastic(34, 4);
        byte[] warped = apply(elastic, image, 28, 28);
        byte[] expected = apply(warp -> warp.rotate(90), warped, 28, 28);
        byte[] got = apply(Transforms.compose(elastic, warp -> warp.rotate(90)), image, 28, 28);
        assertArrayEquals(expected, got);
        byte[] shifted = apply(Transforms.compose(elastic, warp -> warp.shift(2, -3)), image, 28, 28);
        for (int i = 0; i < shifted.length; i++) {
            int row = i / 28 + 3;
            int column = i % 28 - 2;
            if (row < 27 && column >= 1) {
                assertEquals(warped[row * 28 + column], shifted[i], "pixel " + i);
            }
        }
    }

    @Test
    void workersBatchesAndOrderDoNotMatter() {
        ImageDataset digits = BuiltInDigits.generate(40, 9);
        int[] order = IntStream.range(0, 40).map(i -> 39 - i).toArray();
        byte[] whole = new byte[40 * 784];
        new Augmenter(ALL, 28, 28).apply(digits.pixels(), order, 0, 40, 11, 3, whole);
        byte[] parts = new byte[40 * 784];
        List<Integer> starts = new ArrayList<>(List.of(30, 0, 20, 10));
        starts.parallelStream().forEach(start -> {
            byte[] ten = new byte[10 * 784];
            new Augmenter(ALL, 28, 28).apply(digits.pixels(), order, start, 10, 11, 3, ten);
            System.arraycopy(ten, 0, parts, start * 784, ten.length);
        });
        assertArrayEquals(whole, parts);
    }

    @Test
    void samePixelsOnEveryMachine() {
        ImageDataset digits = BuiltInDigits.generate(50, 1);
        int[] order = IntStream.range(0, 50).toArray();
        byte[] out = new byte[50 * 784];
        new Augmenter(ALL, 28, 28).apply(digits.pixels(), order, 0, 50, 7, 2, out);
        CRC32 crc = new CRC32();
        crc.update(out);
        assertEquals(609938757L, crc.getValue());
    }

    @Test
    void seedEpochAndSampleChangeThePixels() {
        byte[] one = noise(784, 6);
        byte[] images = Arrays.copyOf(one, 2 * 784);
        System.arraycopy(one, 0, images, 784, 784);
        Augmenter augmenter = new Augmenter(Transforms.augment(), 28, 28);
        byte[] base = new byte[784];
        augmenter.apply(images, 0, 1, 1, base, 0);
        long[][] others = {{1, 1, 1}, {0, 2, 1}, {0, 1L << 40, 1}, {0, 1, 2}};
        for (long[] other : others) {
            byte[] out = new byte[784];
            augmenter.apply(images, (int) other[0], other[1], (int) other[2], out, 0);
            assertFalse(Arrays.equals(base, out), Arrays.toString(other));
        }
        byte[] again = new byte[784];
        augmenter.apply(images, 0, 1, 1, again, 0);
        assertArrayEquals(base, again);
    }

    /** Uniform on [-2, 2]: the shift of a lone bright pixel's centre of mass has mean 0 and variance 4/3. */
    @Test
    void shiftsAreUniform() {
        byte[] dot = new byte[17 * 17];
        dot[8 * 17 + 8] = (byte) 255;
        Augmenter augmenter = new Augmenter(Transforms.shift(2), 17, 17);
        int count = 4000;
        double sum = 0;
        double squares = 0;
        double largest = 0;
        byte[] out = new byte[17 * 17];
        for (int epoch = 0; epoch < count; epoch++) {
            augmenter.apply(dot, 0, 5, epoch, out, 0);
            double mass = 0;
            double moment = 0;
            for (int i = 0; i < out.length; i++) {
                mass += out[i] & 255;
                moment += (out[i] & 255) * (i % 17 - 8.0);
            }
            double moved = moment / mass;
            sum += moved;
            squares += moved * moved;
            largest = Math.max(largest, Math.abs(moved));
        }
        // Standard errors: sqrt(4/3/count) = 0.018 and sqrt((16/5 - 16/9)/count) = 0.019.
        assertEquals(0, sum / count, 0.08);
        assertEquals(4 / 3.0, squares / count, 0.08);
        assertTrue(largest > 1.98 && largest <= 2.01, "largest " + largest);
    }

    /** On a slope of two grey levels a pixel, the change of a pixel is twice its displacement. */
    @Test
    void elasticDisplacementsHaveTheStatedSpread() {
        int side = 61;
        byte[] slope = new byte[side * side];
        for (int i = 0; i < slope.length; i++) {
            slope[i] = (byte) (64 + 2 * (i % side));
        }
        Augmenter augmenter = new Augmenter(Transforms.elastic(34, 4), side, side);
        byte[] out = new byte[side * side];
        int count = 3000;
        double sum = 0;
        double squares = 0;
        double neighbours = 0;
        for (int sample = 0; sample < count; sample++) {
            augmenter.apply(slope, 0, sample, 0, out, 0);
            double centre = ((out[30 * side + 30] & 255) - (slope[30] & 255)) / 2.0;
            double beside = ((out[30 * side + 31] & 255) - (slope[31] & 255)) / 2.0;
            sum += centre;
            squares += centre * centre;
            neighbours += centre * beside;
        }
        double variance = squares / count - (sum / count) * (sum / count);
        // Rounding to grey levels adds (1/2)^2 / 12 pixels squared.
        double stated = 34 * 34 / (16 * 12 * Math.PI) + 0.25 / 12;
        assertEquals(0, sum / count, 5 * Math.sqrt(stated / count));
        assertEquals(stated, variance, 5 * stated * Math.sqrt(2.0 / count));
        // Noise through a Gaussian has the correlation exp(-d^2 / (4 sigma^2)).
        assertEquals(Math.exp(-1 / 64.0), neighbours / count / (34 * 34 / (16 * 12 * Math.PI)), 0.15);
    }

    @Test
    void badArgumentsAreNamed() {
        refused("rotate", () -> Transforms.rotate(-1));
        refused("rotate", () -> Transforms.rotate(Double.NaN));
        refused("scale", () -> Transforms.scale(91));
        refused("shear", () -> Transforms.shear(61));
        refused("shift", () -> Transforms.shift(1001));
        refused("pad", () -> Transforms.pad(-1));
        refused("sigma", () -> Transforms.elastic(1, 0.1));
        refused("alpha", () -> Transforms.elastic(Double.POSITIVE_INFINITY, 4));
        refused("4096", () -> new Augmenter(Transforms.augment(), 0, 28));
        Augmenter augmenter = new Augmenter(Transforms.augment(), 2, 2);
        byte[] two = new byte[8];
        refused("image 2", () -> augmenter.apply(two, 2, 0, 0, new byte[4], 0));
        refused("image -1", () -> augmenter.apply(two, -1, 0, 0, new byte[4], 0));
        refused("byte 1", () -> augmenter.apply(two, 0, 0, 0, new byte[4], 1));
        refused("order", () -> augmenter.apply(two, new int[2], 1, 2, 0, 0, new byte[8]));
        refused("do not fit", () -> augmenter.apply(two, new int[2], 0, 2, 0, 0, new byte[7]));
        refused("factor", () -> apply(warp -> warp.scale(0), two, 2, 2));
        refused("finite", () -> apply(warp -> warp.shift(Double.NaN, 0), two, 2, 2));
        Transform silent = warp -> Transforms.pad(1).apply(warp);
        assertThrows(IllegalStateException.class, () -> apply(silent, two, 2, 2));
    }

    private static void refused(String part, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(part), message);
    }
}
