package dev.clave.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.check.GradientReport.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The check accepts right gradients and rejects wrong ones; a check that cannot fail would be worthless. */
class GradientCheckTest {
    /** A 1-D convolution without padding: input [width], weight [taps], bias [1]; the gradients can be tampered with. */
    private record Convolution(int width, int taps, UnaryOperator<List<double[]>> tamper) implements Differentiable {
        @Override
        public double[] forward(List<double[]> inputs) {
            double[] output = new double[width - taps + 1];
            for (int o = 0; o < output.length; o++) {
                output[o] = inputs.get(2)[0];
                for (int t = 0; t < taps; t++) {
                    output[o] += inputs.get(0)[o + t] * inputs.get(1)[t];
                }
            }
            return output;
        }

        @Override
        public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
            return tamper.apply(gradients(inputs, gradOutput, 0));
        }

        /** {@code shift} moves the window: 0 is right. */
        List<double[]> gradients(List<double[]> inputs, double[] gradOutput, int shift) {
            double[] gradInput = new double[width];
            double[] gradWeight = new double[taps];
            for (int o = 0; o < gradOutput.length; o++) {
                for (int t = 0; t < taps; t++) {
                    int at = Math.min(o + t + shift, width - 1);
                    gradInput[at] += gradOutput[o] * inputs.get(1)[t];
                    gradWeight[t] += gradOutput[o] * inputs.get(0)[at];
                }
            }
            return List.of(gradInput, gradWeight, new double[] {
                Arrays.stream(gradOutput).sum()
            });
        }

        @Override
        public String inputName(int input) {
            return List.of("input", "weight", "bias").get(input);
        }
    }

    private static final Convolution RIGHT = new Convolution(9, 3, gradients -> gradients);

    private static List<double[]> inputs() {
        double[] input = {0.3, -1.2, 0.8, 0.1, -0.4, 1.5, -0.9, 0.6, 0.2};
        return List.of(input, new double[] {0.5, -0.7, 1.1}, new double[] {0.25});
    }

    private static GradientReport check(UnaryOperator<List<double[]>> tamper) {
        return GradientCheck.of(new Convolution(9, 3, tamper)).check(inputs());
    }

    @Test
    void aRightGradientPasses() {
        GradientReport report = GradientCheck.of(RIGHT).check(inputs());
        report.assertPassed();
        assertEquals(9 + 3 + 1, report.count(Verdict.PASSED));
        assertTrue(report.worst().orElseThrow().error() < 1e-7, report.toString());
        assertTrue(report.toString().startsWith("gradient check passed: 13 passed, 0 failed, 0 skipped"));
    }

    @Test
    void aWrongSignIsRejected() {
        GradientReport report = check(
                g -> List.of(g.get(0), Arrays.stream(g.get(1)).map(v -> -v).toArray(), g.get(2)));
        assertFalse(report.passed());
        assertEquals(3, report.count(Verdict.FAILED));
        String message =
                assertThrows(AssertionError.class, report::assertPassed).getMessage();
        assertTrue(message.contains("3 failed"), message);
        assertTrue(message.contains("weight["), message);
        assertEquals("weight", report.worst().orElseThrow().name());
    }

    @Test
    void aMissingBiasTermIsRejected() {
        GradientReport report = check(g -> List.of(g.get(0), g.get(1), new double[1]));
        assertEquals(1, report.count(Verdict.FAILED));
        assertEquals("bias", report.worst().orElseThrow().name());
    }

    @Test
    void anOffByOneWindowIsRejected() {
        assertFalse(GradientCheck.of(shifted()).check(inputs()).passed());
        assertFalse(GradientCheck.of(shifted()).directions(3).check(inputs()).passed());
        assertFalse(GradientCheck.of(shifted()).sampled(2).check(inputs()).passed());
    }

    private static Differentiable shifted() {
        return new Differentiable() {
            @Override
            public double[] forward(List<double[]> inputs) {
                return RIGHT.forward(inputs);
            }

            @Override
            public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
                return RIGHT.gradients(inputs, gradOutput, 1);
            }
        };
    }

    @Test
    void notANumberIsRejected() {
        GradientReport report = check(g -> List.of(g.get(0), new double[] {Double.NaN, 0, 0}, g.get(2)));
        assertFalse(report.passed());
        assertEquals(0, report.worst().orElseThrow().index());
    }

    @Test
    void sampledAndDirectionsLookAtAsMuchAsTheySay() {
        GradientReport sampled = GradientCheck.of(RIGHT).sampled(2).check(inputs());
        sampled.assertPassed();
        assertEquals(2 + 2 + 1, sampled.elements().size());
        GradientReport directions = GradientCheck.of(RIGHT).directions(4).check(inputs());
        directions.assertPassed();
        assertEquals(4, directions.elements().size());
    }

    @Test
    void theSameSettingsGiveTheSameReport() {
        GradientCheck check = GradientCheck.of(RIGHT).sampled(4).seed(9);
        assertEquals(check.check(inputs()), check.check(inputs()));
    }

    /** relu with the sign as its pattern. */
    private static final class Relu implements Differentiable {
        @Override
        public double[] forward(List<double[]> inputs) {
            return Arrays.stream(inputs.get(0)).map(v -> v <= 0 ? 0 : v).toArray();
        }

        @Override
        public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
            double[] gradient = gradOutput.clone();
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] *= inputs.get(0)[i] > 0 ? 1 : 0;
            }
            return List.of(gradient);
        }

        @Override
        public int[] pattern(List<double[]> inputs) {
            return Arrays.stream(inputs.get(0)).mapToInt(v -> v > 0 ? 1 : 0).toArray();
        }
    }

    @Test
    void aKinkIsSkippedAndCounted() {
        double[] input = new double[200];
        Arrays.setAll(input, i -> i - 99.5);
        input[7] = 1e-8;
        GradientReport report = GradientCheck.of(new Relu()).check(input);
        report.assertPassed();
        assertEquals(1, report.count(Verdict.SKIPPED));
        assertEquals(Verdict.SKIPPED, report.elements().get(7).verdict());
    }

    @Test
    void tooManyKinksAreAFailure() {
        double[] input = new double[200];
        Arrays.setAll(input, i -> i < 3 ? 1e-8 : i);
        GradientReport report = GradientCheck.of(new Relu()).check(input);
        assertFalse(report.passed());
        assertTrue(report.toString().contains("at most 1.0 % may be skipped"), report.toString());
        GradientCheck.of(new Relu()).maxSkipped(0.05).check(input).assertPassed();
    }

    @Test
    void aKinkWithoutAPatternIsAFailure() {
        Differentiable silent = new Differentiable() {
            private final Relu relu = new Relu();

            @Override
            public double[] forward(List<double[]> inputs) {
                return relu.forward(inputs);
            }

            @Override
            public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
                return relu.backward(inputs, gradOutput);
            }
        };
        assertFalse(GradientCheck.of(silent).check(new double[] {0, 1, 2}).passed());
    }

    @Test
    void checkingNothingIsAFailure() {
        GradientReport report = GradientCheck.of(new Relu()).check(new double[0]);
        assertFalse(report.passed());
        assertTrue(report.toString().contains("nothing was checked"));
    }

    @Test
    void wrongLengthsAreNamed() {
        GradientCheck check = GradientCheck.of(new Convolution(9, 3, g -> List.of(g.get(0), g.get(1), new double[2])));
        assertEquals(
                "gradient check: bias has 1 elements, its gradient 2",
                assertThrows(IllegalArgumentException.class, () -> check.check(inputs()))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> check.eps(0));
        assertThrows(IllegalArgumentException.class, () -> check.tolerance(1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> check.sampled(0));
        assertThrows(IllegalArgumentException.class, () -> check.maxSkipped(1));
    }
}
