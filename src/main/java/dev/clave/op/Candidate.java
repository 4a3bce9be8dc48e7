package dev.clave.op;

import org.jspecify.annotations.Nullable;

/** One way to compute a problem on a device. */
public interface Candidate {
    /** Name, unique among the candidates of an operator on a backend. */
    String name();

    /** Why it does not take the problem, null when it does; a few words that follow "refuses, ". */
    @Nullable
    String refuses();

    /**
     * Prepares the problem; called when it does not refuse.
     *
     * @throws RefusedException when it turns out only now that it cannot take the problem: the next candidate does
     */
    Prepared prepare();
}
