package dev.clave.examples;

import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Context;

/** A callback of one's own: ends training once the test accuracy is good enough. */
public final class OwnCallbackExample implements Callback {
    private final double wanted;

    /** Ends at an accuracy in [0, 1]. */
    public OwnCallbackExample(double wanted) {
        this.wanted = wanted;
    }

    @Override
    public void epochEnd(Context context) {
        double accuracy = context.logs().getOrDefault("evalAcc", 0.0);
        System.out.println("epoch " + context.epoch() + ": " + accuracy);
        if (accuracy >= wanted) {
            context.stop();
        }
    }
}
