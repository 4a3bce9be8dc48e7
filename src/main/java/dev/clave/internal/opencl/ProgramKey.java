package dev.clave.internal.opencl;

import dev.clave.internal.Sha256;
import java.util.List;

/**
 * All that decides what a compiler makes: programs with equal keys are the same program.
 *
 * @param source SHA-256 of the kernel file
 * @param options of the compiler, macros included
 * @param platform name and version
 * @param device name and OpenCL version
 * @param driver version
 * @param library version of Clave
 */
record ProgramKey(String source, String options, String platform, String device, String driver, String library) {
    /** The key as text, the same for equal keys only. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (String part : List.of(source, options, platform, device, driver, library)) {
            text.append(part.length()).append(' ').append(part).append('\n');
        }
        return text.toString();
    }

    /** Name of the entry's file. */
    String fileName() {
        return Sha256.hex(text()) + ".clbin";
    }
}
