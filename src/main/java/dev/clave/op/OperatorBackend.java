package dev.clave.op;

import dev.clave.Device;
import dev.clave.spi.Backend;
import java.util.List;

/** A backend that computes: it gives its candidates for the operators it knows, by their names in the catalogue. */
public interface OperatorBackend extends Backend {
    /**
     * The candidates for a problem on a device of this backend, fastest first, with those that refuse, so that their reasons
     * can be shown. Threads that share a device call this at the same time.
     *
     * @param device one that {@link #open} gave
     * @param problem {@link Problem#operator} names the operator, {@link Problem#geometry} its sizes; a format with several
     *     lanes is used on OpenCL devices only
     * @return empty for an operator that it does not compute
     */
    List<Candidate> candidates(Device device, Problem problem);
}
