package dev.clave.nn;

import dev.clave.internal.rng.Philox;

/**
 * First values of a {@link Parameter}, as PyTorch's {@code torch.nn.init} defines them. Random values come from Philox, one
 * stream per parameter, so that a seed gives the same weights on every machine and device.
 */
@FunctionalInterface
public interface Initializer {
    /** The next value of a parameter. */
    double next(Parameter parameter, Philox random);

    /** The same value everywhere. */
    static Initializer constant(double value) {
        return (parameter, random) -> value;
    }

    /** Uniform in [low, high). */
    static Initializer uniform(double low, double high) {
        if (!(low <= high)) {
            throw new IllegalArgumentException("uniform: low is at most high, got " + low + " and " + high);
        }
        return (parameter, random) -> low + (high - low) * random.nextFloat();
    }

    /** Normal with the given mean and standard deviation. */
    static Initializer normal(double mean, double deviation) {
        return (parameter, random) -> mean + deviation * random.nextNormal();
    }

    /** Uniform in +-1/sqrt(fan in): PyTorch's default for weights and biases of convolutions and linear layers. */
    static Initializer fanIn() {
        return (parameter, random) -> {
            float bound = (float) (1 / Math.sqrt(parameter.fanIn()));
            return (2 * random.nextFloat() - 1) * bound;
        };
    }

    /**
     * Uniform in +-gain * sqrt(3 / fan in) (He et al., "Delving deep into rectifiers", 2015).
     *
     * @param gain sqrt(2) for relu, sqrt(2 / (1 + slope^2)) for leaky relu, 5/3 for tanh, 1 for sigmoid and none
     */
    static Initializer kaimingUniform(double gain) {
        return (parameter, random) -> symmetric(random, gain * Math.sqrt(3.0 / parameter.fanIn()));
    }

    /** Normal with deviation gain / sqrt(fan in) (He et al., 2015). */
    static Initializer kaimingNormal(double gain) {
        return (parameter, random) -> gain / Math.sqrt(parameter.fanIn()) * random.nextNormal();
    }

    /** Uniform in +-gain * sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010). */
    static Initializer xavierUniform(double gain) {
        return (parameter, random) ->
                symmetric(random, gain * Math.sqrt(6.0 / (parameter.fanIn() + parameter.fanOut())));
    }

    /** Normal with deviation gain * sqrt(2 / (fan in + fan out)) (Glorot and Bengio, 2010). */
    static Initializer xavierNormal(double gain) {
        return (parameter, random) ->
                gain * Math.sqrt(2.0 / (parameter.fanIn() + parameter.fanOut())) * random.nextNormal();
    }

    private static double symmetric(Philox random, double bound) {
        return (2.0 * random.nextFloat() - 1) * bound;
    }
}
