package dev.clave.op;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One direction of an operator with its inputs, in NCHW order whatever layout it runs in.
 *
 * @param inputs float[] or int[] by slot name
 * @param scalars by name
 * @param expected results by slot name, empty where none are known
 */
record OpCase(
        String name,
        Geometry geometry,
        String direction,
        Map<String, Object> inputs,
        Map<String, Double> scalars,
        Map<String, Object> expected) {
    /** Largest integer that a float counts to without gaps. */
    private static final double EXACT = 0x1p24;

    Problem plain() {
        return geometry.problem(direction, Format.NCHW);
    }

    double[] doubles(String slot) {
        return Values.doubles(inputs.get(slot));
    }

    int[] ints(String slot) {
        return (int[]) inputs.get(slot);
    }

    /** The same on other inputs. */
    OpCase with(Map<String, Object> others) {
        return new OpCase(name, geometry, direction, others, scalars, Map.of());
    }

    /** Whole numbers so small, none of them 0, that every sum is exact in any order, with or without fma. */
    static OpCase exact(String name, Geometry geometry, String direction) {
        SplittableRandom random = new SplittableRandom(name.hashCode());
        Problem problem = geometry.problem(direction, Format.NCHW);
        int most = (int) Math.max(1, Math.min(7, Math.sqrt(EXACT / Math.max(1, problem.accumulated()))));
        return draw(name, problem, () -> (random.nextInt(most) + 1) * (random.nextBoolean() ? 1 : -1), true);
    }

    /** Real numbers in [-1, 1). */
    static OpCase real(String name, Geometry geometry, String direction) {
        SplittableRandom random = new SplittableRandom(name.hashCode());
        return draw(name, geometry.problem(direction, Format.NCHW), () -> random.nextDouble(-1, 1), false);
    }

    private static OpCase draw(
            String name, Problem problem, java.util.function.DoubleSupplier next, boolean powersOfTwo) {
        Geometry geometry = problem.geometry();
        Map<String, Object> inputs = new LinkedHashMap<>();
        for (Slot slot : problem.slots()) {
            if (slot.role() == Slot.Role.OUT) {
                continue;
            }
            if (slot.dtype().isReal()) {
                float[] values = new float[slot.shape().elements()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) next.getAsDouble();
                }
                inputs.put(slot.name(), values);
            }
        }
        if (geometry instanceof AvgPool2d pool) {
            double[] reciprocals = pool.reciprocals();
            // Backward adds products: exact when the factors are powers of two. Forward multiplies once.
            for (int i = 0; powersOfTwo && problem.direction().equals("backwardInput") && i < reciprocals.length; i++) {
                reciprocals[i] = reciprocals[i] == 0 ? 0 : Math.scalb(1.0, -(i % 3));
            }
            inputs.put("reciprocal", Values.floats(reciprocals));
        }
        if (problem.has("argmax") && problem.slot("argmax").role() == Slot.Role.IN) {
            OpCase forward = exact(name, geometry, "forward");
            java.util.function.IntToDoubleFunction where = Naive.element(forward, "argmax", false);
            int[] argmax = new int[problem.slot("argmax").shape().elements()];
            for (int i = 0; i < argmax.length; i++) {
                argmax[i] = (int) where.applyAsDouble(i);
            }
            inputs.put("argmax", argmax);
        }
        return new OpCase(name, geometry, problem.direction(), inputs, Map.of(), Map.of());
    }

    @Override
    public String toString() {
        return geometry.operator() + " " + direction + " " + name;
    }
}
