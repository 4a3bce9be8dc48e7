package com.example.plain;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.spi.Backend;
import dev.clave.spi.BackendDevice;
import dev.clave.spi.HostMemory;
import dev.clave.spi.Memory;

final class PlainDevice extends BackendDevice {
    private static final long MEMORY = 64L << 20;

    private final boolean arrays;

    PlainDevice(Backend backend, Device.Info info, boolean arrays) {
        super(backend, info, MEMORY, MEMORY / 4, () -> System.setProperty("com.example.plain.released", "yes"));
        this.arrays = arrays;
    }

    @Override
    protected Memory reserve(DType dtype, int elements) {
        return arrays ? HostMemory.allocate(dtype, elements) : DirectMemory.allocate(dtype, elements);
    }

    @Override
    public boolean hostVisible() {
        return arrays;
    }
}
