package dev.clave.internal.opencl;

import dev.clave.DeviceException;

/** A call that OpenCL answered with an error. */
final class StatusException extends DeviceException {
    private final int status;

    StatusException(String message, int status) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
