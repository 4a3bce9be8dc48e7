package dev.clave.internal.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Finds the OpenCL loader: the file that {@code -Dclave.opencl.library} names, else the system's by its usual names. */
final class FfmLibrary {
    static final String PROPERTY = "clave.opencl.library";

    private FfmLibrary() {}

    /** No library could be loaded, or it lacks a function. */
    static final class NotFound extends RuntimeException {
        NotFound(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    /**
     * Loads the library, for good: a runtime's own work-items may run in it until the process ends.
     *
     * @param name receives what was loaded
     */
    static SymbolLookup find(StringBuilder name) {
        String forced = System.getProperty(PROPERTY);
        List<String> candidates = forced == null ? names() : List.of(forced);
        List<String> tried = new ArrayList<>();
        for (String candidate : candidates) {
            try {
                SymbolLookup library = SymbolLookup.libraryLookup(candidate, Arena.global());
                name.append(candidate);
                return library;
            } catch (IllegalArgumentException e) {
                tried.add(candidate);
            }
        }
        throw new NotFound("the OpenCL library cannot be loaded (tried " + String.join(", ", tried) + "); "
                + (forced == null
                        ? "install an OpenCL loader, for example ocl-icd-libopencl1, or name one with -D" + PROPERTY
                                + "=FILE"
                        : "-D" + PROPERTY + " must name a library of this machine's architecture"));
    }

    private static List<String> names() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            return List.of("OpenCL.dll");
        }
        if (system.startsWith("mac")) {
            return List.of("/System/Library/Frameworks/OpenCL.framework/OpenCL");
        }
        return List.of("libOpenCL.so.1", "libOpenCL.so");
    }

    static MemorySegment function(SymbolLookup library, String name) {
        return library.find(name)
                .orElseThrow(() ->
                        new NotFound("the OpenCL library has no function " + name + "; OpenCL 1.2 or newer is needed"));
    }
}
