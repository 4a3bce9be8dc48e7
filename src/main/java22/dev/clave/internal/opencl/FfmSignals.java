package dev.clave.internal.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the JVM's SIGFPE handler. PoCL 3.1 installs its own for the whole process and swallows the fault by which the
 * JVM notices an integer division by zero; it does so in the first clGetDeviceIDs, other runtimes may elsewhere. Linux on x86-64 only: elsewhere the JVM tests divisors, or has no sigaction.
 */
final class FfmSignals {
    private static final int SIGFPE = 8;
    /** glibc's struct sigaction has 152 bytes; room to spare for other C libraries. */
    private static final int STRUCT_BYTES = 512;

    private final @Nullable MethodHandle sigaction;
    private final MemorySegment saved = Arena.ofAuto().allocate(STRUCT_BYTES, 16);

    private FfmSignals(@Nullable MethodHandle sigaction) {
        this.sigaction = sigaction;
    }

    /** Remembers the action of this moment. Call it before the first call into OpenCL. */
    static FfmSignals save() {
        FfmSignals signals = new FfmSignals(sigaction());
        signals.call(MemorySegment.NULL, signals.saved);
        return signals;
    }

    private static @Nullable MethodHandle sigaction() {
        if (!System.getProperty("os.name", "").equals("Linux")
                || !System.getProperty("os.arch", "").equals("amd64")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("sigaction");
        return function.map(f -> linker.downcallHandle(f, FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS)))
                .orElse(null);
    }

    /** Puts the remembered action back, whoever replaced it. */
    void restore() {
        call(saved, MemorySegment.NULL);
    }

    private void call(MemorySegment action, MemorySegment before) {
        if (sigaction == null) {
            return;
        }
        int failed;
        try {
            failed = (int) sigaction.invokeExact(SIGFPE, action, before);
        } catch (Throwable e) {
            throw FfmCalls.impossible(e);
        }
        if (failed != 0) {
            throw new IllegalStateException("sigaction(SIGFPE) failed");
        }
    }
}
