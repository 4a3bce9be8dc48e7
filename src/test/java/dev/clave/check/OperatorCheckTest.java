package dev.clave.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.op.Activation;
import dev.clave.op.Conv2d;
import dev.clave.op.Gemm;
import dev.clave.op.MaxPool2d;
import dev.clave.op.Sgd;
import dev.clave.op.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The adapter for this library's operators; the operators themselves are checked beside the other tests of op. */
class OperatorCheckTest {
    private static final Conv2d CONV = new Conv2d(2, 2, 5, 4, 3, Window.of(3, 2).pad(1), 1, true);

    @Test
    void inputsAreNamed() {
        try (Device device = Device.cpu();
                OperatorCheck conv = OperatorCheck.of(device, CONV)) {
            GradientReport report = GradientCheck.of(conv).check(conv.randomInputs(1));
            report.assertPassed();
            assertEquals(
                    List.of("conv2d input", "conv2d weight", "conv2d bias"),
                    report.elements().stream()
                            .map(GradientReport.Element::name)
                            .distinct()
                            .toList());
        }
    }

    /** The forward pass of one geometry with the gradient of another: what a wrong kernel would give. */
    private record Mixed(OperatorCheck forward, OperatorCheck backward) implements Differentiable {
        @Override
        public double[] forward(List<double[]> inputs) {
            return forward.forward(inputs);
        }

        @Override
        public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
            return backward.backward(inputs, gradOutput);
        }
    }

    @Test
    void anOffByOneWindowIsRejected() {
        Conv2d moved = new Conv2d(2, 2, 5, 4, 3, Window.of(3, 2).pad(0, 1, 2, 1), 1, true);
        try (Device device = Device.cpu();
                OperatorCheck right = OperatorCheck.of(device, CONV);
                OperatorCheck wrong = OperatorCheck.of(device, moved)) {
            GradientReport report =
                    GradientCheck.of(new Mixed(right, wrong)).directions(4).check(right.randomInputs(1));
            assertFalse(report.passed(), report.toString());
        }
    }

    @Test
    void kinksOfPoolingAndReluAreSkipped() {
        try (Device device = Device.cpu();
                OperatorCheck pool = OperatorCheck.of(
                        device, new MaxPool2d(1, 1, 16, 16, Window.of(2, 2).stride(2, 2), false));
                OperatorCheck relu = OperatorCheck.of(device, new Activation(Activation.Kind.RELU, 1, 200, 0))) {
            double[] image = pool.randomInputs(1).get(0);
            image[0] = 2;
            image[1] = 2 + 1e-8;
            GradientReport pooled = GradientCheck.of(pool).check(image);
            pooled.assertPassed();
            assertEquals(2, pooled.count(GradientReport.Verdict.SKIPPED));
            double[] values = relu.randomInputs(1).get(0);
            values[3] = -1e-9;
            GradientReport rectified = GradientCheck.of(relu).check(values);
            rectified.assertPassed();
            assertEquals(1, rectified.count(GradientReport.Verdict.SKIPPED));
        }
    }

    /** Equal values in a window and zeros of relu: the rule decides, a step decides otherwise, and the check looks away. */
    @Test
    void tiesOfPoolingAndReluAreSkipped() {
        for (String selector : Device.list().isEmpty() ? List.of("cpu") : List.of("cpu", "opencl")) {
            try (Device device = Device.open(selector)) {
                if (!device.info().fp64()) {
                    System.out.println(device.name() + " has no fp64, gradients are not checked there");
                    continue;
                }
                try (OperatorCheck pool = OperatorCheck.of(
                                device,
                                new MaxPool2d(1, 1, 16, 16, Window.of(2, 2).stride(2, 2), false));
                        OperatorCheck relu =
                                OperatorCheck.of(device, new Activation(Activation.Kind.RELU, 1, 200, 0))) {
                    double[] image = pool.randomInputs(1).get(0);
                    image[0] = 2;
                    image[17] = 2;
                    GradientReport pooled = GradientCheck.of(pool).check(image);
                    pooled.assertPassed();
                    assertEquals(2, pooled.count(GradientReport.Verdict.SKIPPED));
                    // The first of equal values has the whole gradient.
                    double[] gradOutput = new double[64];
                    gradOutput[0] = 3;
                    double[] gradient =
                            pool.backward(List.of(image), gradOutput).get(0);
                    assertEquals(3, gradient[0]);
                    assertEquals(0, gradient[17]);
                    double[] values = relu.randomInputs(1).get(0);
                    values[7] = 0;
                    GradientReport rectified = GradientCheck.of(relu).check(values);
                    rectified.assertPassed();
                    assertEquals(1, rectified.count(GradientReport.Verdict.SKIPPED));
                }
            }
        }
    }

    @Test
    void whatHasNoGradientIsRefused() {
        try (Device device = Device.cpu()) {
            Sgd sgd = new Sgd(3, 0.9, 0, false);
            String message = assertThrows(IllegalArgumentException.class, () -> OperatorCheck.of(device, sgd))
                    .getMessage();
            assertTrue(message.contains("sgd forward has no gradient of 'gradient'"), message);
            Gemm relu = new Gemm(2, 2, 2, false, false, 1, 0, 2, 2, 2, false, Gemm.Epilogue.RELU);
            assertThrows(IllegalArgumentException.class, () -> OperatorCheck.of(device, relu));
            assertEquals(0, device.liveBytes());
        }
    }
}
