package dev.clave.internal.jar;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Allocates until there is no more, with a heap that is smaller than the limit. */
final class FullHeapProgram {
    private FullHeapProgram() {}

    public static void main(String[] arguments) {
        try (Device device = Device.cpu().memoryLimit(Long.MAX_VALUE)) {
            List<Tensor> held = new ArrayList<>();
            try {
                while (true) {
                    held.add(device.allocate(DType.F64, Shape.of(1024, 1024)));
                }
            } catch (DeviceOutOfMemoryException e) {
                System.out.println(e);
            }
            held.forEach(Tensor::close);
            System.out.println("in use after closing " + device.liveBytes());
        }
    }
}
