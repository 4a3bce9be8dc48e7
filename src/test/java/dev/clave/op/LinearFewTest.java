package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Weights that a linear layer keeps turned: the bits are those of a first run, and no write is missed. */
class LinearFewTest {
    /** More than it takes until weights are kept. */
    private static final int RUNS = 6;

    private static final Conv2d LAYER = new Conv2d(3, 2 * 37, 1, 1, 2 * 300, Window.of(1, 1), 2, true);

    private static float[] values(int count, int seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** An invocation with tensors of its own. */
    private static final class Layer implements AutoCloseable {
        final Device device;
        final Invocation invocation;
        final Tensor input;
        final Tensor weight;
        final Tensor bias;
        final Tensor output;

        Layer(Device device, Conv2d g) {
            this.device = device;
            invocation = Operators.prepare(device, g.problem("forward", Format.NCHW), "fast");
            input = invocation.allocate("input");
            weight = invocation.allocate("weight");
            bias = invocation.allocate("bias");
            output = invocation.allocate("output");
            input.write(values(input.shape().elements(), 1));
            weight.write(values(weight.shape().elements(), 2));
            bias.write(values(bias.shape().elements(), 3));
        }

        float[] run() {
            output.write(new float[output.shape().elements()]);
            invocation.run();
            return output.readFloats();
        }

        void settle() {
            for (int i = 0; i < RUNS; i++) {
                run();
            }
        }

        @Override
        public void close() {
            List.of(input, weight, bias, output).forEach(Tensor::close);
            invocation.close();
        }
    }

    /** What a layer that has run never before makes of these weights. */
    private static float[] first(Device device, float[] weights) {
        try (Layer layer = new Layer(device, LAYER)) {
            layer.weight.write(weights);
            return layer.run();
        }
    }

    @Test
    void everyRunGivesTheSameBits() {
        try (Device cpu = Device.cpu()) {
            for (Conv2d g : List.of(
                    LAYER,
                    new Conv2d(1, 400, 1, 1, 120, Window.of(1, 1)),
                    new Conv2d(2, 3, 1, 1, 33, Window.of(1, 1)))) {
                try (Layer layer = new Layer(cpu, g)) {
                    float[] expected = layer.run();
                    for (int i = 0; i < RUNS; i++) {
                        assertArrayEquals(expected, layer.run());
                    }
                }
            }
        }
    }

    @Test
    void writesOfTheHostAreSeen() {
        try (Device cpu = Device.cpu();
                Layer layer = new Layer(cpu, LAYER)) {
            float[] before = layer.run();
            layer.settle();
            float[] weights = values(layer.weight.shape().elements(), 7);
            layer.weight.write(weights);
            float[] expected = first(cpu, weights);
            assertFalse(Arrays.equals(before, expected));
            assertArrayEquals(expected, layer.run());
            layer.settle();
            weights[5] = 9;
            try (Tensor part = layer.weight.view(0, Shape.of(6))) {
                part.write(Arrays.copyOf(weights, 6));
            }
            assertArrayEquals(first(cpu, weights), layer.run());
        }
    }

    @Test
    void writesOfAnOperatorAreSeen() {
        try (Device cpu = Device.cpu();
                Layer layer = new Layer(cpu, LAYER)) {
            int count = layer.weight.shape().elements();
            float[] weights = values(count, 2);
            Activation relu = new Activation(Activation.Kind.RELU, 1, count, 0);
            for (String candidate : List.of("fast", "reference")) {
                layer.weight.write(weights);
                layer.settle();
                try (Invocation write = Operators.prepare(cpu, relu.problem("forward", Format.NCHW), candidate)) {
                    write.bind("input", layer.weight)
                            .bind("output", layer.weight)
                            .run();
                }
                float[] cut = weights.clone();
                for (int i = 0; i < count; i++) {
                    cut[i] = Math.max(cut[i], 0);
                }
                assertArrayEquals(first(cpu, cut), layer.run());
            }
        }
    }

    @Test
    void anotherTensorIsSeen() {
        try (Device cpu = Device.cpu();
                Layer layer = new Layer(cpu, LAYER);
                Tensor other = cpu.allocate(DType.F32, layer.weight.shape())) {
            layer.settle();
            float[] weights = values(other.shape().elements(), 8);
            other.write(weights);
            layer.invocation.bind("weight", other);
            assertArrayEquals(first(cpu, weights), layer.run());
        }
    }
}
