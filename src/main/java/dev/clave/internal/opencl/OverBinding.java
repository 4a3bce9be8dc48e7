package dev.clave.internal.opencl;

import dev.clave.spi.Backend;

/** The backend that reaches its devices through a binding. */
public interface OverBinding {
    /**
     * {@return the same backend through a binding}
     *
     * @param binding {@code auto}, {@code jocl} or {@code ffm}
     */
    Backend over(String binding);

    /** {@return one line: which binding was taken, which was skipped and why} */
    String bindingReport();
}
