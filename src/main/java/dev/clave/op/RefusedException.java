package dev.clave.op;

import dev.clave.DeviceException;

/** A candidate that finds out while it prepares that it cannot take the problem: the next one is asked. */
public final class RefusedException extends DeviceException {
    /**
     * A refusal.
     *
     * @param reason a few words that follow "refuses, "
     */
    public RefusedException(String reason) {
        super(reason);
    }
}
