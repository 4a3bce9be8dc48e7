package dev.clave.nn;

import dev.clave.internal.rng.Philox;

/**
 * First values of a {@link Parameter}, as PyTorch's {@code torch.nn.init} defines them. Random values come from Philox, one
 * stream per parameter, so that a seed gives the same weights on every machine and device.
 */
@FunctionalInterface
public interface Initializer {
    /**
     * {@return the next value of a parameter}
     *
     * @param parameter what is drawn for
     * @param random the generator to draw from
     */
    double next(Parameter parameter, Philox random);

    /**
     * {@return an initializer: the same value everywhere}
     *
     * @param value the value of every element
     */
    static Initializer constant(double value) {
        return (parameter, random) -> value;
    }

    /**
     * Uniform in [low, high).
     *
     * @param low smallest
     * @param high first that is too large
     * @return the initializer
     */
    static Initializer uniform(double low, double high) {
        if (!(low <= high)) {
            throw new IllegalArgumentException("uniform: low is at most high, got " + low + " and " + high);
        }
        return (parameter, random) -> low + (high - low) * random.nextFloat();
    }

    /**
     * {@return an initializer: normal with the given mean and standard deviation}
     *
     * @param mean mean of the distribution
     * @param deviation standard deviation
     */
    static Initializer normal(double mean, double deviation) {
        return (parameter, random) -> mean + deviation * random.nextNormal();
    }

    /**
     * {@return an initializer: uniform in +-1/sqrt(fan in): PyTorch's default for weights and biases of convolutions and linear layers}
     */
    static Initializer fanIn() {
        return (parameter, random) -> {
            float bound = (float) (1 / Math.sqrt(parameter.fanIn()));
            return (2 * random.nextFloat() - 1) * bound;
        };
    }

    /**
     * {@return an initializer: uniform in +-gain * sqrt(3 / fan in) (He et al., "Delving deep into rectifiers", 2015)}
     *
     * @param gain sqrt(2) for relu, sqrt(2 / (1 + slope^2)) for leaky relu, 5/3 for tanh, 1 for sigmoid and none
     */
    static Initializer kaimingUniform(double gain) {
        return (parameter, random) -> symmetric(random, gain * Math.sqrt(3.0 / parameter.fanIn()));
    }

    /**
     * {@return an initializer: normal with deviation gain / sqrt(fan in) (He et al., 2015)}
     *
     * @param gain factor of the width, 1 for a linear layer
     */
    static Initializer kaimingNormal(double gain) {
        return (parameter, random) -> gain / Math.sqrt(parameter.fanIn()) * random.nextNormal();
    }

    /**
     * {@return an initializer: uniform in +-gain * sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010)}
     *
     * @param gain factor of the width, 1 for a linear layer
     */
    static Initializer xavierUniform(double gain) {
        return (parameter, random) ->
                symmetric(random, gain * Math.sqrt(6.0 / (parameter.fanIn() + parameter.fanOut())));
    }

    /**
     * {@return an initializer: normal with deviation gain * sqrt(2 / (fan in + fan out)) (Glorot and Bengio, 2010)}
     *
     * @param gain factor of the width, 1 for a linear layer
     */
    static Initializer xavierNormal(double gain) {
        return (parameter, random) ->
                gain * Math.sqrt(2.0 / (parameter.fanIn() + parameter.fanOut())) * random.nextNormal();
    }

    private static double symmetric(Philox random, double bound) {
        return (2.0 * random.nextFloat() - 1) * bound;
    }
}
