package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxNetwork;
import dev.clave.op.Format;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Imported networks have gradients where every operation has one, and say so where one has none. */
class ImportedGradientTest {
    private static final Path FIXTURES = Path.of("src/test/resources/onnx");

    private static OnnxNetwork network(String name) {
        return OnnxNetwork.of(OnnxModel.read(FIXTURES.resolve(name + ".onnx")));
    }

    @Test
    void gradientsAgreeWithDifferences() {
        OnnxNetwork lenet = network("tanh_lenet");
        Graph graph = Graph.record(lenet.layer(), lenet.inputShape());
        Format format = new Format(DType.F64, 1);
        try (Device cpu = Device.cpu();
                ParameterSet parameters = new ParameterSet(cpu, DType.F64, lenet.layer());
                Plan plan = new Plan(cpu, graph, parameters, format, 2, Lowering.Purpose.TRAINING, 7)) {
            parameters.load("fixture", lenet.weights(), false);
            Random random = new Random(5);
            double[] weights =
                    random.doubles(plan.output().shape().elements(), -1, 1).toArray();
            plan.input()
                    .write(random.doubles(plan.input().shape().elements(), -1, 1)
                            .toArray());
            plan.outputGradient().write(weights);
            plan.forward();
            plan.backward();
            for (ParameterSet.Entry entry : parameters.entries()) {
                Tensor values = parameters.tensor(entry.name());
                double[] x = values.readDoubles();
                double[] got = parameters.gradient(entry.name()).readDoubles();
                for (int probe = 0; probe < 3; probe++) {
                    int i = random.nextInt(x.length);
                    double held = x[i];
                    double[] sums = new double[2];
                    for (int side = 0; side < 2; side++) {
                        x[i] = held + (side == 0 ? -1e-6 : 1e-6);
                        values.write(x);
                        plan.forward();
                        double[] output = plan.output().readDoubles();
                        for (int o = 0; o < output.length; o++) {
                            sums[side] += output[o] * weights[o];
                        }
                    }
                    x[i] = held;
                    values.write(x);
                    double expected = (sums[1] - sums[0]) / 2e-6;
                    assertEquals(expected, got[i], 1e-5 + 1e-3 * Math.abs(expected), entry.name() + "[" + i + "]");
                }
            }
        }
    }

    /** A network must not train half of its layers in silence. */
    @Test
    void missingGradientsAreRefused() {
        OnnxNetwork mixed = network("mixed");
        Graph graph = Graph.record(mixed.layer(), mixed.inputShape());
        try (Device cpu = Device.cpu();
                ParameterSet parameters = new ParameterSet(cpu, DType.F32, mixed.layer())) {
            String message = String.valueOf(assertThrows(
                            IllegalArgumentException.class,
                            () -> new Plan(cpu, graph, parameters, Format.NCHW, 2, Lowering.Purpose.TRAINING, 7))
                    .getMessage());
            assertTrue(message.contains("has no gradient"), message);
        }
    }
}
