package dev.clave.nn;

import dev.clave.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Interrupts or goes on with runs on the first OpenCL device, in a process of its own. */
public final class ResumeProgram {
    private ResumeProgram() {}

    /** Arguments: {@code cut} or {@code resume}, the directory of the files, and how many cuts each run has. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[1]);
        int cuts = Integer.parseInt(arguments[2]);
        try (Device device = Device.open("opencl")) {
            List<Device.Limits> limits = Device.survey("auto").limits();
            System.out.println("threads " + limits.get(0).computeUnits());
            for (Resumption run : Resumption.values()) {
                if (arguments[0].equals("cut")) {
                    run.whole(device, folder.resolve(run + "-whole"));
                }
                for (int cut : run.cuts(cuts)) {
                    Path file = folder.resolve(run + "-" + cut);
                    if (arguments[0].equals("cut")) {
                        run.until(device, cut, file);
                    } else {
                        Path end = folder.resolve("end");
                        run.from(device, file, end);
                        long mismatch = Files.mismatch(folder.resolve(run + "-whole"), end);
                        System.out.println((mismatch < 0 ? "same " : "other ") + run + " " + cut);
                    }
                }
            }
        }
    }
}
