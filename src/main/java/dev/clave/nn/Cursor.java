package dev.clave.nn;

/** How far training is: everything besides weights and optimizer state that the next step depends on. */
final class Cursor {
    /** Epoch of this fit, from 0. */
    int epoch;
    /** Batches of this epoch that are done. */
    int step;
    /** Epochs that are done over the life of the model: the stream of the order of samples. */
    int shuffles;
    /** Batches over the life of the model: the stream of dropout masks. */
    long batches;
    /** Updates since prepare: Adam's correction. */
    long updates;
    /** Batches whose gradients are summed and not yet used. */
    int gathered;
    /** Factor of callbacks on the learning rate. */
    double rateScale = 1;
    /** Learning rate of the last update. */
    double rate;
}
