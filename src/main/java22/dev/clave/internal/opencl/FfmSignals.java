package dev.clave.internal.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the JVM's SIGFPE handler, or puts it back. PoCL 3.1 installs its own for the whole process and swallows the fault by which the
 * JVM notices an integer division by zero; it does so in the first clGetDeviceIDs, other runtimes may elsewhere. Linux on x86-64 only: elsewhere the JVM tests divisors, or has no sigaction.
 */
final class FfmSignals {
    private static final int SIGFPE = 8;
    /** Signals for which HotSpot has the handler it has for SIGFPE: SIGSEGV, SIGBUS and SIGILL. */
    private static final int[] ALIKE = {11, 7, 4};

    private static final long SIG_IGN = 1;
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

    /**
     * Where divisions are lost all the same, OpenCL was at work before {@link #save}, as in a host that lends us its context: then
     * SIGFPE gets the action of SIGSEGV, SIGBUS and SIGILL, which HotSpot handles by one function, if these three still agree.
     */
    void settle() {
        if (sigaction == null || DivisionProbe.lost() == 0) {
            return;
        }
        MemorySegment action = Arena.ofAuto().allocate(STRUCT_BYTES, 16);
        long handler = 0;
        for (int signal : ALIKE) {
            call(signal, MemorySegment.NULL, action);
            long one = action.get(ValueLayout.JAVA_LONG, 0); // the handler is the first member
            if (one <= SIG_IGN || (handler != 0 && one != handler)) {
                return;
            }
            handler = one;
        }
        saved.copyFrom(action);
        restore();
    }

    private void call(MemorySegment action, MemorySegment before) {
        call(SIGFPE, action, before);
    }

    private void call(int signal, MemorySegment action, MemorySegment before) {
        if (sigaction == null) {
            return;
        }
        int failed;
        try {
            failed = (int) sigaction.invokeExact(signal, action, before);
        } catch (Throwable e) {
            throw FfmCalls.impossible(e);
        }
        if (failed != 0) {
            throw new IllegalStateException("sigaction of signal " + signal + " failed");
        }
    }
}
