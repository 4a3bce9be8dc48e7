package dev.clave.nn;

/** What training makes small: a mean over samples. */
public enum Loss {
    /** Softmax of the outputs, then the negative logarithm of the label's share. The network ends with plain scores. */
    SOFTMAX_CROSS_ENTROPY
}
