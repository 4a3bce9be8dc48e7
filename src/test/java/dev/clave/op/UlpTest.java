package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Functions within the ULP they are allowed, over all magnitudes; special values alike on every device. */
@ExtendWith(TestDevices.Parameter.class)
class UlpTest {
    private static final float[] SPECIAL = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        1f,
        -1f
    };

    private final TestDevices devices;

    UlpTest(TestDevices devices) {
        this.devices = devices;
    }

    /** Every exponent from the smallest normal number to the largest, both signs, and densely where functions bend. */
    private static float[] sweep() {
        float[] values = new float[1 << 15];
        int half = values.length / 4;
        long first = Float.floatToRawIntBits(Float.MIN_NORMAL);
        long last = Float.floatToRawIntBits(Float.MAX_VALUE);
        for (int i = 0; i < half; i++) {
            float magnitude = Float.intBitsToFloat((int) (first + (last - first) * i / (half - 1)));
            values[2 * i] = magnitude;
            values[2 * i + 1] = -magnitude;
        }
        for (int i = 2 * half; i < values.length; i++) {
            values[i] = -90 + 180f * (i - 2 * half) / (2 * half - 1);
        }
        System.arraycopy(SPECIAL, 0, values, 0, SPECIAL.length);
        return values;
    }

    @Test
    void tanh() {
        sweep(Activation.Kind.TANH, Math::tanh);
    }

    /** For x below -20 this is exp(x): 4 ULP of exp, half a one of the quotient and one of 1 + exp(x) stay within 8. */
    @Test
    void sigmoid() {
        sweep(Activation.Kind.SIGMOID, x -> x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
    }

    private void sweep(Activation.Kind kind, DoubleUnaryOperator function) {
        float[] input = sweep();
        OpCase op = op(new Activation(kind, 1, input.length, 0), "forward", Map.of("input", input));
        devices.forEach(op.geometry(), "forward", new int[] {1, 16}, place -> {
            float[] got = (float[]) Harness.run(place, op).get("output");
            for (int i = 0; i < input.length; i++) {
                double expected = function.applyAsDouble(input[i]);
                // A device may flush what is below the smallest normal number.
                double allowed =
                        Math.abs(expected) < Float.MIN_NORMAL ? Float.MIN_NORMAL : 8 * Math.ulp((float) expected);
                boolean same = Double.isNaN(expected) ? Float.isNaN(got[i]) : Math.abs(expected - got[i]) <= allowed;
                if (!same && expected != got[i]) {
                    fail(place + " of " + input[i] + ": expected " + expected + ", got " + got[i]);
                }
            }
        });
    }

    private static OpCase op(Geometry geometry, String direction, Map<String, Object> inputs) {
        return new OpCase("sweep", geometry, direction, inputs, Map.of(), Map.of());
    }

    @Test
    void softmaxOfManySizesAndScales() {
        SplittableRandom random = new SplittableRandom(3);
        for (int classes : new int[] {1, 2, 10, 33, 1000}) {
            for (double scale : new double[] {0.01, 1, 10, 80}) {
                int n = 19;
                float[] input = new float[n * classes];
                for (int i = 0; i < input.length; i++) {
                    input[i] = (float) (scale * random.nextDouble(-1, 1));
                }
                for (boolean log : new boolean[] {false, true}) {
                    Geometry geometry = log ? new LogSoftmax(n, classes) : new Softmax(n, classes);
                    OpCase op = op(geometry, "forward", Map.of("input", input));
                    double[] expected = softmax(input, classes, log);
                    java.util.function.IntToDoubleFunction bound = Bounds.of(op, "output", expected);
                    devices.forEach(geometry, "forward", new int[] {1, 8}, place -> {
                        double[] got = Values.doubles(Harness.run(place, op).get("output"));
                        Bounds.check(
                                place + " scale " + scale,
                                expected,
                                got,
                                i -> Math.max(Float.MIN_NORMAL, bound.applyAsDouble(i)));
                    });
                }
            }
        }
    }

    private static double[] softmax(float[] input, int classes, boolean log) {
        double[] result = new double[input.length];
        for (int first = 0; first < input.length; first += classes) {
            double most = Double.NEGATIVE_INFINITY;
            double sum = 0;
            for (int i = first; i < first + classes; i++) {
                most = Math.max(most, input[i]);
            }
            for (int i = first; i < first + classes; i++) {
                sum += Math.exp(input[i] - most);
            }
            for (int i = first; i < first + classes; i++) {
                result[i] = log ? input[i] - most - Math.log(sum) : Math.exp(input[i] - most) / sum;
            }
        }
        return result;
    }

    /** relu and the sum keep or make signs of zero and NaN alike, bit for bit. */
    @Test
    void specialValuesHaveTheSameBits() {
        int n = SPECIAL.length;
        float[] left = new float[n * n];
        float[] right = new float[n * n];
        for (int i = 0; i < left.length; i++) {
            left[i] = SPECIAL[i / n];
            right[i] = SPECIAL[i % n];
        }
        List<OpCase> cases = List.of(
                op(new Activation(Activation.Kind.RELU, 1, n, 0), "forward", Map.of("input", SPECIAL)),
                op(new Add(n, n), "forward", Map.of("a", left, "b", right)),
                op(new Add(n, n), "accumulate", Map.of("input", left, "sum", right)),
                op(new BiasAdd(n, n, 1), "forward", Map.of("input", left, "bias", SPECIAL)));
        for (OpCase op : cases) {
            Map<String, Object> expected = Harness.run(new TestDevices.Place(devices.cpu(), op.plain(), "twin"), op);
            devices.forEach(
                    op.geometry(),
                    op.direction(),
                    new int[] {1, 16},
                    place -> expected.forEach((slot, values) -> {
                        float[] want = (float[]) values;
                        float[] got = (float[]) Harness.run(place, op).get(slot);
                        for (int i = 0; i < want.length; i++) {
                            // floatToIntBits: which NaN it is does not matter.
                            assertEquals(
                                    Float.floatToIntBits(want[i]),
                                    Float.floatToIntBits(got[i]),
                                    place + " [" + i + "]");
                        }
                    }));
        }
    }

    /** A NaN or an infinity reaches exactly the outputs whose window holds it. */
    @Test
    void specialPixelsSpreadAsTheDefinitionSays() {
        Conv2d g = new Conv2d(2, 2, 8, 9, 3, Window.of(3, 2).stride(2, 1).pad(1, 0, 1, 1), 1, true);
        Map<String, Object> inputs =
                new HashMap<>(OpCase.exact("special", g, "forward").inputs());
        float[] pixels = ((float[]) inputs.get("input")).clone();
        pixels[40] = Float.NaN;
        pixels[200] = Float.POSITIVE_INFINITY;
        inputs.put("input", pixels);
        OpCase op = op(g, "forward", inputs);
        java.util.function.IntToDoubleFunction definition = Naive.element(op, "output", false);
        devices.forEach(g, "forward", new int[] {1, 8, 16}, place -> {
            double[] got = Values.doubles(Harness.run(place, op).get("output"));
            for (int i = 0; i < got.length; i++) {
                assertEquals(definition.applyAsDouble(i), got[i], place + " [" + i + "]");
            }
        });
    }
}
