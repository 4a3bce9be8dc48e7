package dev.clave.internal.opencl;

import org.jspecify.annotations.Nullable;

/**
 * Whether a binding can be had.
 *
 * @param api the binding, or null when it cannot be had
 * @param detail what was taken (a library), or why there is none, and the cure
 */
record BindingAttempt(@Nullable OpenCl api, String detail) {
    static BindingAttempt taken(OpenCl api, String detail) {
        return new BindingAttempt(api, detail);
    }

    static BindingAttempt missing(String reason) {
        return new BindingAttempt(null, reason);
    }
}
