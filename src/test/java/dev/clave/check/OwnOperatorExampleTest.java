package dev.clave.check;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** How to check an operator of your own: layer normalisation with its gradient written out, and the bug everyone makes. */
class OwnOperatorExampleTest {
    private static final double EPSILON = 1e-5;

    /** {@code y_i = gamma_i * (x_i - mean) / sqrt(variance + epsilon) + beta_i} over all elements of x. */
    private static class LayerNorm implements Differentiable {
        @Override
        public double[] forward(List<double[]> inputs) {
            double[] normal = normalised(inputs.get(0));
            double[] output = new double[normal.length];
            for (int i = 0; i < output.length; i++) {
                output[i] = inputs.get(1)[i] * normal[i] + inputs.get(2)[i];
            }
            return output;
        }

        @Override
        public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
            double[] normal = normalised(inputs.get(0));
            int n = normal.length;
            double[] gradGamma = new double[n];
            double[] gradNormal = new double[n];
            double mean = 0;
            double along = 0;
            for (int i = 0; i < n; i++) {
                gradGamma[i] = gradOutput[i] * normal[i];
                gradNormal[i] = gradOutput[i] * inputs.get(1)[i];
                mean += gradNormal[i] / n;
                along += gradNormal[i] * normal[i] / n;
            }
            double[] gradInput = new double[n];
            for (int i = 0; i < n; i++) {
                gradInput[i] = scale(inputs.get(0)) * (gradNormal[i] - mean - throughVariance(normal[i], along));
            }
            return List.of(gradInput, gradGamma, gradOutput.clone());
        }

        double throughVariance(double normal, double along) {
            return normal * along;
        }

        @Override
        public String inputName(int input) {
            return List.of("input", "gamma", "beta").get(input);
        }

        private static double[] normalised(double[] x) {
            double mean = mean(x);
            double scale = scale(x);
            double[] normal = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                normal[i] = (x[i] - mean) * scale;
            }
            return normal;
        }

        private static double mean(double[] x) {
            double sum = 0;
            for (double value : x) {
                sum += value;
            }
            return sum / x.length;
        }

        private static double scale(double[] x) {
            double mean = mean(x);
            double squares = 0;
            for (double value : x) {
                squares += (value - mean) * (value - mean);
            }
            return 1 / Math.sqrt(squares / x.length + EPSILON);
        }
    }

    /** Treats the variance as a constant. */
    private static final class ForgetsTheVariance extends LayerNorm {
        @Override
        double throughVariance(double normal, double along) {
            return 0;
        }
    }

    private static final double[] INPUT = {0.4, -1.3, 2.2, 0.9, -0.6};
    private static final double[] GAMMA = {1.0, 0.5, -0.8, 1.7, 0.3};
    private static final double[] BETA = {0, 0.1, -0.2, 0.3, 0};

    @Test
    void theGradientIsRight() {
        GradientCheck.of(new LayerNorm()).check(INPUT, GAMMA, BETA).assertPassed();
    }

    @Test
    void theBugIsFoundAndNamed() {
        GradientReport report = GradientCheck.of(new ForgetsTheVariance()).check(INPUT, GAMMA, BETA);
        assertFalse(report.passed());
        assertTrue(
                report.elements().stream()
                        .filter(e -> e.verdict() == GradientReport.Verdict.FAILED)
                        .allMatch(e -> e.name().equals("input")),
                report.toString());
    }
}
