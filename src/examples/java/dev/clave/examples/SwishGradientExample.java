package dev.clave.examples;

import dev.clave.check.Differentiable;
import dev.clave.check.junit.GradientChecked;
import dev.clave.check.junit.Gradients;
import dev.clave.op.Conv2d;
import dev.clave.op.Window;
import java.util.List;

/** A test class as a user writes it: an operator of one's own and one of the library, on every device. */
public final class SwishGradientExample {
    private static final double[] INPUT = {-3, -0.4, 0, 0.7, 2.5};

    /** {@code y = x * sigmoid(beta x)}; inputs x [n] and beta [1]. */
    public static class Swish implements Differentiable {
        @Override
        public double[] forward(List<double[]> inputs) {
            double[] x = inputs.get(0);
            double[] y = new double[x.length];
            for (int i = 0; i < y.length; i++) {
                y[i] = x[i] * sigmoid(inputs.get(1)[0] * x[i]);
            }
            return y;
        }

        @Override
        public List<double[]> backward(List<double[]> inputs, double[] gradOutput) {
            double beta = inputs.get(1)[0];
            double[] gradInput = new double[gradOutput.length];
            double[] gradBeta = new double[1];
            for (int i = 0; i < gradInput.length; i++) {
                double x = inputs.get(0)[i];
                double s = sigmoid(beta * x);
                gradInput[i] = gradOutput[i] * slope(s, beta * x);
                gradBeta[0] += gradOutput[i] * x * x * s * (1 - s);
            }
            return List.of(gradInput, gradBeta);
        }

        /** dy/dx from s = sigmoid(z) and z = beta x. */
        protected double slope(double s, double z) {
            return s + z * s * (1 - s);
        }

        @Override
        public String inputName(int input) {
            return List.of("x", "beta").get(input);
        }

        private static double sigmoid(double z) {
            return 1 / (1 + Math.exp(-z));
        }
    }

    /** The bug everyone makes: the x outside the sigmoid is forgotten. */
    public static final class ForgetsTheFactor extends Swish {
        @Override
        protected double slope(double s, double z) {
            return s * (1 - s);
        }
    }

    /** Passes. */
    @GradientChecked
    void swish(Gradients gradients) {
        gradients.check(new Swish(), INPUT, new double[] {1.3});
    }

    /** Passes: a convolution on the device, in double precision. */
    @GradientChecked
    void convolution(Gradients gradients) {
        if (gradients.hasDouble()) {
            gradients.check(new Conv2d(1, 2, 5, 5, 3, Window.of(3, 3).pad(1), 1, true), check -> check.sampled(20));
        } else {
            gradients.check(new Swish(), INPUT, new double[] {0.5}); // a device without double precision
        }
    }

    /** Fails, and says that the gradient of x is wrong and that of beta right. */
    @GradientChecked(devices = "cpu")
    void plantedBug(Gradients gradients) {
        gradients.check(new ForgetsTheFactor(), INPUT, new double[] {1.3});
    }
}
