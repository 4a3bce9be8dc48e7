package dev.clave.nn.callback;

import dev.clave.nn.BatchSource;
import dev.clave.nn.Model;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where a run is; given to every {@link Callback}. Reading it changes nothing. */
public interface Context {
    /** What is being done. */
    enum Phase {
        /** Weights change. */
        TRAIN,
        /** Loss and metrics of other data. */
        EVALUATE,
        /** Outputs only. */
        PREDICT
    }

    /** {@return the model at work} */
    Model model();

    /** {@return what is being done} */
    Phase phase();

    /** {@return epoch of this fit, from 0} */
    int epoch();

    /** {@return epochs this fit will have} */
    int epochs();

    /** {@return batches of this pass that are done} */
    int step();

    /** {@return batches of this pass} */
    int steps();

    /** {@return samples of this pass} */
    int samples();

    /** {@return training batches over the life of the model} */
    long totalSteps();

    /** {@return learning rate of the last update, or of the first one to come} */
    double learningRate();

    /**
     * {@return values of this pass so far: {@code loss} (mean over samples), {@code lastLoss} (of the last batch) and
     * every metric} At the end of an epoch also those of its evaluation ({@code evalLoss}, {@code evalAcc}), {@code
     * learningRate}, {@code seconds} and {@code stepMillis}. Asking waits for the device.
     */
    Map<String, Double> logs();

    /** {@return loss and metrics alone, as a progress line shows them} Asking waits for the device. */
    Map<String, Double> values();

    /**
     * {@return loss of every batch of this pass that is done, in order, each the mean over its samples; none in a
     * prediction} Asking waits for the device, but at the end of an epoch or an evaluation everything is known.
     */
    double[] batchLosses();

    /**
     * {@return what a fit evaluates on, or what is being evaluated or predicted; null for a fit without evaluation}
     */
    @Nullable
    BatchSource evalData();

    /**
     * Ends training: during a batch after that batch, during an evaluation or at the end of an epoch after that epoch. The
     * end callbacks are still called.
     */
    void stop();

    /** {@return whether somebody stopped the run} */
    boolean stopping();

    /** {@return whether the run was interrupted from outside and is to be resumed} */
    boolean interrupted();

    /**
     * {@return epoch, from 0, whose weights the model holds at the end of training: the last one, or an older one that
     * was put back}
     */
    int weightsEpoch();

    /**
     * Says that the weights of an epoch, from 0, were put back; whoever does so at the end of training tells the
     * others.
     *
     * @param epoch which epoch, from 0
     */
    void putBack(int epoch);

    /**
     * Multiplies the learning rate from now on, whatever the schedule says.
     *
     * @param factor multiplies
     */
    void scaleLearningRate(double factor);

    /** {@return settings of the run by name, for reports: device, optimizer, batch size and so on} */
    Map<String, String> settings();
}
