package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A batch of 0 gives an empty result and zero gradients of weights, without a launch. */
@ExtendWith(TestDevices.Parameter.class)
class EmptyBatchTest {
    private final TestDevices devices;

    EmptyBatchTest(TestDevices devices) {
        this.devices = devices;
    }

    static List<Geometry> geometries() {
        Window window = Window.of(2, 2).stride(2, 2);
        return List.of(
                new Conv2d(0, 2, 5, 4, 3, window, 1, true),
                new Conv2dPool2d(
                        new Conv2d(0, 2, 4, 4, 3, Window.of(1, 1)),
                        null,
                        new MaxPool2d(0, 3, 4, 4, window, false),
                        null),
                new MaxPool2d(0, 2, 4, 4, window, false),
                new AvgPool2d(0, 2, 4, 4, window, false, true),
                new Activation(Activation.Kind.TANH, 0, 7, 0),
                new Dropout(0, 7, 0.5, 1, 0),
                new Softmax(0, 5),
                new LogSoftmax(0, 5),
                new Add(0, 3),
                new Broadcast(Broadcast.Kind.SUB, 0, Shape.of(2, 3), false, Shape.of(3), true),
                new Transpose(0, Shape.of(2, 3), List.of(1, 0)),
                new Concat(0, 2, 1, 3, 2),
                new MatMul(0, Shape.of(2, 3), false, Shape.of(3, 2), true),
                new Elementwise(Elementwise.Kind.ELU, 0, 5, 1, 0),
                new BatchNormInference(0, 2, 3, 1e-5),
                new MaxUnpool2d(0, 1, 2, 2, 4, 4, 4, 4),
                new BiasAdd(0, 3, 2));
    }

    /** Operators that take no batch of 0 say so when they are made; the rest are all here. */
    @Test
    void everyOperatorThatAllowsItIsHere() {
        List<String> here = geometries().stream().map(Geometry::operator).collect(Collectors.toList());
        here.addAll(List.of("softmax_cross_entropy", "adam", "sgd", "gemm", "philox", "gather_images"));
        assertEquals(
                Operators.names().stream().sorted().toList(),
                here.stream().sorted().toList());
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void emptyResultsAndZeroGradients(Geometry geometry) {
        for (String direction : geometry.directions()) {
            Map<String, Object> inputs = new HashMap<>();
            for (Slot slot : geometry.problem(direction, Format.NCHW).slots()) {
                float[] ones = new float[slot.shape().elements()];
                java.util.Arrays.fill(ones, 1);
                inputs.put(slot.name(), slot.dtype().isReal() ? ones : new int[0]);
            }
            Map<String, Double> scalars = Map.of("step", 0.0, "first_sample", 0.0);
            OpCase op = new OpCase("batch 0", geometry, direction, inputs, scalars, Map.of());
            devices.forEach(geometry, direction, new int[] {1, 16}, place -> {
                assertTrue(place.problem().isEmpty(), place.toString());
                Harness.run(place, op)
                        .forEach((slot, values) -> assertArrayEquals(
                                new double[place.problem().slot(slot).shape().elements()],
                                Values.doubles(values),
                                place + " " + slot));
            });
        }
    }
}
