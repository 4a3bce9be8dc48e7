package dev.clave.internal.jar;

import dev.clave.Device;
import dev.clave.KernelBuildException;
import dev.clave.Tensor;
import dev.clave.internal.opencl.DivisionProbe;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.opencl.OpenClDevices;
import dev.clave.op.Conv2d;
import dev.clave.op.Invocation;
import dev.clave.op.Slot;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Opens a device several times, compiles on it, and divides by zero and follows a null in between, the faults that the JVM turns
 * into exceptions. Takes the binding; prints how many divisions are lost.
 */
final class DivisionsProgram {
    private DivisionsProgram() {}

    @SuppressWarnings("NullAway") // the matter
    private static boolean isNullNoticed(@Nullable Object none) {
        try {
            return none.hashCode() == 0;
        } catch (NullPointerException e) {
            return true;
        }
    }

    /** Often, so that the JVM compiles it and leaves the check to the fault. */
    private static boolean allNullsNoticed() {
        boolean all = true;
        for (int i = 0; i < 50_000; i++) {
            all &= isNullNoticed(i % 100 == 99 ? null : "");
        }
        return all;
    }

    /** What does not compile leaves the compiler by another way. */
    private static boolean isRefused(OpenClDevice device, int round) {
        try {
            device.kernel("conv2d", "conv2d_forward", Map.of("KT", "no_number" + round))
                    .close();
            return false;
        } catch (KernelBuildException e) {
            return true;
        }
    }

    public static void main(String[] arguments) {
        int lost = 0;
        boolean nulls = true;
        for (int round = 0; round < 6; round++) {
            List<Tensor> tensors = new ArrayList<>();
            // A look at what there is, a fault, and the same look opens a device.
            OpenClDevices look = OpenClDevices.find(arguments[0]);
            lost += DivisionProbe.lost();
            try (Device device = look.open(0);
                    // Another window each time: another program to compile.
                    Invocation conv = new Conv2d(1, 1, 4, 4, 1, Window.of(1 + round % 3, 1 + round / 3), 1, false)
                            .prepare(device, "forward")) {
                lost += DivisionProbe.lost();
                nulls &= allNullsNoticed();
                lost += DivisionProbe.lost();
                for (Slot slot : conv.problem().slots()) {
                    tensors.add(conv.allocate(slot.name())
                            .write(new float[slot.shape().elements()]));
                }
                conv.run();
                device.finish();
                lost += DivisionProbe.lost();
                nulls &= allNullsNoticed();
                tensors.forEach(Tensor::close);
                // The last thing of a round: what the compiler leaves, the next look finds.
                nulls &= isRefused((OpenClDevice) device, round);
            }
        }
        System.out.println("lost " + lost + ", nulls " + nulls);
    }
}
