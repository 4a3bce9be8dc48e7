package dev.clave.internal.jar;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.DivisionProbe;
import dev.clave.interop.FfmInterop;
import dev.clave.interop.HostOpenCl;

/** A host that uses OpenCL before we are there; prints how many of its integer divisions by zero are lost. */
final class AdoptedProgram {
    private AdoptedProgram() {}

    public static void main(String[] arguments) {
        System.out.println("lost at first " + DivisionProbe.lost());
        long id = HostOpenCl.device();
        long context = HostOpenCl.context(id);
        System.out.println("lost in the host " + DivisionProbe.lost());
        try (Device device = FfmInterop.adopt(context, id, 0);
                Tensor tensor = device.allocate(DType.F32, Shape.of(4))) {
            System.out.println("lost after adoption " + DivisionProbe.lost());
            System.out.println("sum " + (tensor.write(1f, 2f, 3f, 4f).readFloats()[3] + 1));
        }
        try (Device device = Device.open("0", "ffm")) {
            System.out.println("lost after opening " + DivisionProbe.lost() + " on " + device.name());
        }
    }
}
