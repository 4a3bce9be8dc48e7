package dev.clave.internal;

import dev.clave.Device;
import org.jspecify.annotations.Nullable;

/** Knows what a self-test said about devices; implementations are found by {@link java.util.ServiceLoader}. */
public interface DeviceVerdict {
    /** For example {@code passed} or {@code failed: conv2d forward}; null when the device was never tested. */
    @Nullable
    String of(Device.Info info);
}
