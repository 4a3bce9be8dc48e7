package dev.clave.nn;

import java.util.List;
import java.util.Map;

/**
 * What a fit did.
 *
 * @param epochs the values of each epoch this call finished, by name: epoch from 0, loss, lastLoss, metrics, evalLoss and so on, seconds
 * @param stopped whether a callback ended it early
 * @param interrupted whether {@link Model#interrupt} ended it, so that it can be resumed
 */
public record FitResult(List<Map<String, Double>> epochs, boolean stopped, boolean interrupted) {
    /** Copies the list. */
    public FitResult {
        epochs = List.copyOf(epochs);
    }
}
