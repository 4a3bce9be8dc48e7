package dev.clave.op;

import java.lang.reflect.Array;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;

/** The exact tier: whole numbers, bit equality of candidate, twin and definition. */
final class Exact {
    /** Multiplications that the definition may cost per case; beyond them elements are sampled. */
    private static final double BUDGET = 2e6;

    private Exact() {}

    /** Runs the twin and holds it against the definition; the results are what every candidate must give, bit for bit. */
    static Map<String, Object> reference(TestDevices devices, OpCase op) {
        Map<String, Object> twin = Harness.run(new TestDevices.Place(devices.cpu(), op.plain(), "twin"), op);
        twin.forEach((slot, values) -> {
            IntToDoubleFunction definition = Naive.element(op, slot, false);
            if (definition == null) {
                throw new AssertionError(op + ": no definition of " + slot);
            }
            for (int i : sample(op, Array.getLength(values))) {
                float expected = (float) definition.applyAsDouble(i);
                if (expected != ((Number) Array.get(values, i)).floatValue()) {
                    throw new AssertionError(op + " " + slot + "[" + i + "]: the twin has " + Array.get(values, i)
                            + ", the definition " + expected);
                }
            }
            expectNumbers(op, slot, values);
        });
        return twin;
    }

    /** Elements that the definition is asked for: all where that is cheap, else the ends and some drawn between. */
    static int[] sample(OpCase op, int length) {
        int count = (int) Math.min(length, Math.max(64, BUDGET / cost(op, length)));
        SplittableRandom random = new SplittableRandom(op.name().hashCode());
        int[] sample = new int[count];
        for (int s = 0; s < count; s++) {
            sample[s] = count == length ? s : s < 2 ? s * (length - 1) : random.nextInt(length);
        }
        return sample;
    }

    /** Operations that one element costs the definition. */
    private static double cost(OpCase op, int length) {
        if (op.direction().equals("backwardInput") && op.geometry() instanceof MaxPool2d g) {
            return (double) g.oh() * g.ow();
        }
        if (op.direction().equals("backwardInput") && op.geometry() instanceof AvgPool2d g) {
            return (double) g.oh() * g.ow() * g.window().kw();
        }
        return Math.max(1, op.plain().flops() / Math.max(1, length));
    }

    /** At least 30 % of the elements that depend on anything are not 0: a result of zeros would prove little. */
    private static void expectNumbers(OpCase op, String slot, Object values) {
        int[] sample = sample(op, Array.getLength(values));
        int numbers = 0;
        for (int i : sample) {
            numbers += ((Number) Array.get(values, i)).doubleValue() != 0 ? 1 : 0;
        }
        if (numbers >= 0.3 * sample.length) {
            return;
        }
        IntToDoubleFunction size = Naive.element(op, slot, true);
        int reached = 0;
        for (int i : sample) {
            reached += size == null || size.applyAsDouble(i) != 0 ? 1 : 0;
        }
        if (numbers < 0.3 * reached) {
            throw new AssertionError(op + " " + slot + ": only " + numbers + " of " + reached + " are not 0");
        }
    }

    static void check(String what, Map<String, Object> expected, Map<String, Object> got) {
        if (!expected.keySet().equals(got.keySet())) {
            throw new AssertionError(what + ": results " + got.keySet() + " instead of " + expected.keySet());
        }
        expected.forEach((slot, values) -> {
            Object others = got.get(slot);
            for (int i = 0; i < Array.getLength(values); i++) {
                if (Values.bits(values, i) != Values.bits(others, i)) {
                    throw new AssertionError(what + " " + slot + "[" + i + "]: expected " + Array.get(values, i)
                            + ", got " + Array.get(others, i));
                }
            }
        });
    }
}
