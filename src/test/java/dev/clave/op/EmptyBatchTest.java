package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
                new MaxPool2d(0, 2, 4, 4, window, false),
                new AvgPool2d(0, 2, 4, 4, window, false, true),
                new Activation(Activation.Kind.TANH, 0, 7, 0),
                new Dropout(0, 7, 0.5, 1, 0),
                new Softmax(0, 5),
                new LogSoftmax(0, 5),
                new Add(0, 3),
                new BiasAdd(0, 3, 2),
                FusedCases.of(
                        new Conv2d(0, 2, 5, 4, 3, Window.of(2, 1), 1, true), Activation.Kind.RELU, true, window, null));
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
