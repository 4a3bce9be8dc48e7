package dev.clave.check;

import java.util.List;

/**
 * A function of some inputs with a claimed gradient, in double precision: what {@link GradientCheck} checks. Inputs and the
 * output are flat arrays in any order the implementation likes; the arrays passed in are never to be changed.
 */
public interface Differentiable {
    /**
     * {@return the output for the inputs; always the same length and, for the same inputs, the same values}
     *
     * @param inputs one array for each input, not to be changed
     */
    double[] forward(List<double[]> inputs);

    /**
     * {@return the gradient of {@code sum over o of output[o] * gradOutput[o]} with respect to every input: one array
     * per input, of its length}
     *
     * @param inputs one array for each input, not to be changed
     * @param gradOutput gradient of each output element
     */
    List<double[]> backward(List<double[]> inputs, double[] gradOutput);

    /**
     * {@return the decisions behind the output, such as the argmax of each window or the sign of each element; empty
     * for a function that is smooth everywhere} A coordinate whose pattern changes between x - eps and x + eps crosses
     * a kink and is skipped.
     *
     * @param inputs one array for each input, not to be changed
     */
    default int[] pattern(List<double[]> inputs) {
        return new int[0];
    }

    /**
     * {@return what reports call an input}
     *
     * @param input which input, from 0
     */
    default String inputName(int input) {
        return "input " + input;
    }
}
