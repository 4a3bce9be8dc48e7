package dev.clave.op;

import org.jspecify.annotations.Nullable;

/** One way to compute a problem on a device. */
public interface Candidate {
    /** {@return its name, unique among the candidates of an operator on a backend} */
    String name();

    /** {@return why it does not take the problem, a few words that follow "refuses, "; null when it does} */
    @Nullable
    String refuses();

    /**
     * Prepares the problem; called when it does not refuse.
     *
     * @return what runs it
     * @throws RefusedException when it turns out only now that it cannot take the problem: the next candidate does
     */
    Prepared prepare();
}
