package dev.clave.nn;

import java.util.Locale;

/** What an optimizer does with gradients; the state lives on the device. Definitions are PyTorch's. */
public sealed interface Optimizer {
    /** {@return first learning rate} */
    double learningRate();

    /** {@return name on the command line} */
    String name();

    /**
     * {@return the same with another learning rate}
     *
     * @param rate the size of a step, above 0
     */
    Optimizer withLearningRate(double rate);

    /**
     * {@return the optimizer of a name with the usual settings}
     *
     * @param name sgd, momentum (0.9), nesterov (0.9), adam or adamw (weight decay 0.01)
     * @param learningRate the size of a step, above 0
     * @throws IllegalArgumentException when the name is unknown or the rate is not finite and above 0
     */
    static Optimizer of(String name, double learningRate) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "sgd" -> new Sgd(learningRate, 0, 0, false);
            case "momentum" -> new Sgd(learningRate, 0.9, 0, false);
            case "nesterov" -> new Sgd(learningRate, 0.9, 0, true);
            case "adam" -> adam(learningRate);
            case "adamw" -> new Adam(learningRate, 0.9, 0.999, 1e-8, 0.01, true);
            default ->
                throw new IllegalArgumentException(
                        "unknown optimizer '" + name + "'; there are sgd, momentum, nesterov, adam and adamw");
        };
    }

    /**
     * Adam with its usual settings.
     *
     * @param learningRate the size of a step, above 0
     * @return the optimizer
     */
    static Optimizer adam(double learningRate) {
        return new Adam(learningRate, 0.9, 0.999, 1e-8, 0, false);
    }

    /**
     * Stochastic gradient descent, with momentum when it is above 0.
     *
     * @param learningRate the size of a step, above 0
     * @param momentum share of the last step that is kept
     * @param weightDecay share of each weight that is taken off
     * @param nesterov whether the gradient is that of the next place
     */
    record Sgd(double learningRate, double momentum, double weightDecay, boolean nesterov) implements Optimizer {
        /** Checks ranges. */
        public Sgd {
            check("learning rate", learningRate);
            checkShare("momentum", momentum);
            checkDecay(weightDecay);
        }

        @Override
        public String name() {
            return momentum == 0 ? "sgd" : nesterov ? "nesterov" : "momentum";
        }

        @Override
        public Optimizer withLearningRate(double rate) {
            return new Sgd(rate, momentum, weightDecay, nesterov);
        }
    }

    /**
     * Adam; AdamW when decoupled.
     *
     * @param learningRate the size of a step, above 0
     * @param beta1 share of the last mean that is kept
     * @param beta2 share of the last mean square that is kept
     * @param epsilon added below the line, so that nothing is divided by 0
     * @param weightDecay share of each weight that is taken off
     * @param decoupled whether weight decay is taken off the weights alone (AdamW)
     */
    record Adam(double learningRate, double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled)
            implements Optimizer {
        /** Checks ranges. */
        public Adam {
            check("learning rate", learningRate);
            checkShare("beta1", beta1);
            checkShare("beta2", beta2);
            check("epsilon", epsilon);
            checkDecay(weightDecay);
        }

        @Override
        public String name() {
            return decoupled ? "adamw" : "adam";
        }

        @Override
        public Optimizer withLearningRate(double rate) {
            return new Adam(rate, beta1, beta2, epsilon, weightDecay, decoupled);
        }
    }

    private static void check(String what, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(what + " is finite and above 0, got " + value);
        }
    }

    private static void checkShare(String what, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(what + " lies in [0, 1), got " + value);
        }
    }

    private static void checkDecay(double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("weight decay is finite and at least 0, got " + value);
        }
    }
}
