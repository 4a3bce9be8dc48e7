package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

/** The fast paths of the CPU against the twins, on shapes that meet every cut into blocks and tasks. */
class CpuFastTest {
    private static final List<Geometry> SHAPES = List.of(
            new Conv2d(5, 3, 9, 11, 7, Window.of(3, 3).pad(1)),
            new Conv2d(2, 40, 23, 21, 5, Window.of(3, 5).pad(2, 1, 0, 3)),
            new Conv2d(3, 6, 14, 14, 16, Window.of(5, 5)),
            new Conv2d(1, 2, 7, 401, 3, Window.of(3, 3).pad(1)),
            new Conv2d(2, 6, 20, 20, 9, Window.of(3, 3).stride(2, 2).pad(1), 3, true),
            new Conv2d(2, 8, 15, 15, 8, Window.of(3, 3).dilation(2, 3).pad(2), 8, false),
            new Conv2d(
                    2, 4, 12, 12, 4, Window.of(2, 3).stride(1, 2).dilation(3, 1).pad(4)),
            new Conv2d(70, 400, 1, 1, 13, Window.of(1, 1)),
            new Conv2d(70, 400, 1, 1, 43, Window.of(1, 1)),
            new Conv2d(2, 34, 1, 1, 70, Window.of(1, 1), 2, true),
            new Conv2d(1, 13, 1, 1, 3, Window.of(1, 1), 1, false),
            new Conv2d(3, 7, 1, 1, 10, Window.of(1, 1)),
            new Conv2d(1, 5, 1, 1, 513, Window.of(1, 1)),
            new Conv2d(1, 1, 28, 28, 6, Window.of(3, 3).pad(1)),
            new Conv2d(1, 7, 8, 8, 4, Window.of(3, 3)),
            new Conv2d(3, 300, 5, 5, 300, Window.of(1, 1)),
            new Conv2d(3, 17, 6, 6, 5, Window.of(1, 1).stride(2, 2)),
            new Conv2d(2, 1, 40, 40, 1, Window.of(21, 21).pad(3)),
            new Conv2d(0, 2, 5, 5, 2, Window.of(3, 3)),
            new Gemm(7, 401, 300),
            new Gemm(300, 5, 17, true, true, -2, 3, 301, 18, 6, true, Gemm.Epilogue.RELU),
            new Gemm(1, 1, 1),
            new MaxPool2d(3, 5, 9, 8, Window.of(2, 2).stride(2, 2), false),
            new MaxPool2d(3, 5, 9, 8, Window.of(2, 2).stride(2, 2), true),
            new MaxPool2d(
                    2, 3, 70, 70, Window.of(3, 2).stride(2, 1).dilation(2, 2).pad(2), true),
            new AvgPool2d(3, 5, 10, 8, Window.of(2, 2).stride(2, 2), false, true),
            new AvgPool2d(3, 5, 9, 8, Window.of(2, 2).stride(2, 2), true, false),
            new Activation(Activation.Kind.RELU, 3, 5000, 0),
            new Activation(Activation.Kind.RELU, 30, 5000, 0),
            new Dropout(3, 4097, 0.5, 9, 1),
            new GatherImages(20, 6, 2, 5, 4, 2, -1),
            new GatherImages(20, 70, 2, 25, 14, 2, -1));

    private Map<String, double[]> run(
            Geometry geometry, String direction, String candidate, Map<String, float[]> given) {
        Problem problem = geometry.problem(direction, Format.NCHW);
        Map<String, double[]> results = new LinkedHashMap<>();
        Random random = new Random(3);
        try (Device cpu = Device.cpu();
                Invocation invocation = Operators.prepare(cpu, problem, candidate)) {
            assertEquals(candidate, invocation.candidate());
            List<Tensor> tensors = new ArrayList<>();
            for (Slot slot : problem.slots()) {
                Tensor tensor = cpu.allocate(slot.dtype(), slot.shape());
                int count = slot.shape().elements();
                if (slot.dtype().isReal()) {
                    float[] values = given.getOrDefault(slot.name(), new float[count]);
                    for (int i = 0; i < count && !given.containsKey(slot.name()); i++) {
                        values[i] = slot.role() == Slot.Role.OUT ? Float.NaN : random.nextInt(7) - 3;
                    }
                    tensor.write(values);
                } else if (slot.dtype() == DType.I32) {
                    int[] values = new int[count];
                    int most = geometry instanceof MaxPool2d pool ? pool.h() * pool.w() : count;
                    for (int i = 0; i < count; i++) {
                        values[i] = i % 5 == 0 && slot.name().equals("argmax") ? -1 : random.nextInt(most);
                    }
                    tensor.write(values);
                } else {
                    byte[] values = new byte[count];
                    random.nextBytes(values);
                    tensor.write(values);
                }
                invocation.bind(slot.name(), tensor);
                tensors.add(tensor);
            }
            for (String scalar : problem.scalars()) {
                invocation.set(scalar, scalar.equals("live") ? 4 : 1);
            }
            invocation.run();
            for (int i = 0; i < tensors.size(); i++) {
                Slot slot = problem.slots().get(i);
                if (slot.role() != Slot.Role.IN) {
                    double[] values = slot.dtype().isReal()
                            ? tensors.get(i).readDoubles()
                            : java.util.Arrays.stream(tensors.get(i).readInts())
                                    .asDoubleStream()
                                    .toArray();
                    results.put(slot.name(), values);
                }
            }
            tensors.forEach(Tensor::close);
        }
        return results;
    }

    private void same(Geometry geometry, String direction, Map<String, float[]> given) {
        Map<String, double[]> expected = run(geometry, direction, "reference", given);
        run(geometry, direction, "fast", given)
                .forEach((slot, values) ->
                        assertArrayEquals(expected.get(slot), values, geometry + " " + direction + " " + slot));
    }

    @Test
    void smallIntegersAreExact() {
        try (Device cpu = Device.cpu()) {
            for (Geometry geometry : SHAPES) {
                for (String direction : geometry.directions()) {
                    boolean fast = Operators.candidates(cpu, geometry.problem(direction, Format.NCHW))
                            .contains("fast");
                    // A window of 441 taps is what the weight gradient refuses.
                    assertEquals(!(geometry.toString().contains("kh=21") && direction.equals("backwardWeight")), fast);
                    if (fast) {
                        same(geometry, direction, Map.of());
                    }
                }
            }
        }
    }

    /** Padding adds nothing, so an infinite weight or gradient does not turn it into NaN. */
    @Test
    void paddingTimesInfinityIsNothing() {
        Conv2d g = new Conv2d(1, 1, 4, 4, 1, Window.of(3, 3).pad(1));
        float[] weight = {1, Float.POSITIVE_INFINITY, 2, 0, 1, -1, 3, 1, 1};
        float[] gradOutput = {Float.NEGATIVE_INFINITY, 1, 2, 1, 0, 3, 1, 1, 2, 2, 1, 1, 0, 0, 1, 2};
        same(g, "forward", Map.of("weight", weight));
        same(g, "backwardInput", Map.of("weight", weight));
        same(g, "backwardWeight", Map.of("gradOutput", gradOutput));
    }

    @Test
    void specialValuesOfPoolingAndRelu() {
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float[] input = {-0f, 0f, nan, 1, -inf, -inf, 0f, -0f, inf, nan, -1, -2, nan, nan, inf, inf};
        for (Window window :
                List.of(Window.of(2, 2).stride(2, 2), Window.of(2, 3).pad(1))) {
            same(new MaxPool2d(1, 1, 4, 4, window, false), "forward", Map.of("input", input));
        }
        // Windows without a sign: ties, a NaN, infinity, and zeros of both signs.
        float[] unsigned = {1, 1, 0, nan, 0, 0, 2, 1, 1, 1, 3, inf, 0, 0, 2, 3, 0, inf, 0, 0, inf, inf, -0f, 0};
        same(new MaxPool2d(1, 1, 3, 8, Window.of(2, 2).stride(2, 2), false), "forward", Map.of("input", unsigned));
        same(new MaxPool2d(1, 3, 2, 4, Window.of(2, 2).stride(2, 2), false), "forward", Map.of("input", unsigned));
        AvgPool2d average = new AvgPool2d(1, 1, 4, 4, Window.of(2, 2).stride(2, 2), false, true);
        same(average, "forward", Map.of("input", input));
        same(average, "forward", Map.of("input", new float[] {-0f, -0f, 1, -1, -0f, -0f, 1, -1, 0, -0f, 2, 2, 0, 0, 2, 2
        }));
        same(average, "backwardInput", Map.of("gradOutput", new float[] {-0f, 0, nan, -inf}));
        same(new Activation(Activation.Kind.RELU, 1, 16, 0), "forward", Map.of("input", input));
        same(new Activation(Activation.Kind.RELU, 1, 16, 0), "backwardInput", Map.of("output", input));
    }

    /** The same bits whether one thread runs the tasks or many. */
    @Test
    void threadsDoNotChangeSums() throws Exception {
        Conv2d g = new Conv2d(64, 6, 14, 14, 16, Window.of(5, 5));
        Random random = new Random(11);
        for (String direction : g.directions()) {
            Map<String, float[]> inputs = new HashMap<>();
            for (Slot slot : g.problem(direction, Format.NCHW).slots()) {
                float[] values = new float[slot.shape().elements()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian();
                }
                inputs.put(slot.name(), values);
            }
            List<Map<String, double[]>> results = new ArrayList<>();
            for (int threads : new int[] {1, 7}) {
                ForkJoinPool pool = new ForkJoinPool(threads);
                try {
                    results.add(
                            pool.submit(() -> run(g, direction, "fast", inputs)).get());
                } finally {
                    pool.shutdown();
                }
            }
            results.get(0)
                    .forEach((slot, values) ->
                            assertArrayEquals(values, results.get(1).get(slot), direction));
        }
    }

    @Test
    void candidatesAreNamedAndRefusalsSaid() {
        try (Device cpu = Device.cpu()) {
            Problem single = SHAPES.get(0).problem("forward", Format.NCHW);
            assertEquals(List.of("fast", "reference"), Operators.candidates(cpu, single));
            Problem wide = SHAPES.get(0).problem("forward", new Format(DType.F64, 1));
            assertEquals(List.of("reference"), Operators.candidates(cpu, wide));
            assertTrue(Operators.explain(cpu, wide).contains("fast refuses, single precision only"));
            assertThrows(IllegalArgumentException.class, () -> Operators.prepare(cpu, wide, "fast"));
            assertThrows(IllegalArgumentException.class, () -> Operators.prepare(cpu, single, "tiled"));
            Problem blocked = SHAPES.get(0).problem("forward", new Format(DType.F32, 16));
            assertTrue(assertThrows(IllegalArgumentException.class, () -> Operators.prepare(cpu, blocked))
                    .getMessage()
                    .contains("the CPU computes lanes 1, got 16"));
        }
    }
}
