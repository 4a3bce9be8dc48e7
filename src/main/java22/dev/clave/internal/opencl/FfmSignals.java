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
 * Keeps the JVM's handler of SIGFPE, or puts it back. PoCL 3.1 installs its own for the whole process and swallows the fault by
 * which the JVM notices an integer division by zero; it does so in the first clGetDeviceIDs, other runtimes may elsewhere. Linux
 * on x86-64 only: elsewhere the JVM tests divisors, or has no sigaction.
 *
 * <p>LLVM, which compiles for PoCL, takes the faults over too while it writes files, with handlers that are good for one signal:
 * at the first fault it puts back what it found for all of them. Taken for the JVM's, such a handler would end the process once
 * LLVM has given it up; and what LLVM found may be PoCL's. So its handlers are never kept, and are replaced like PoCL's.
 */
final class FfmSignals {
    private static final int SIGFPE = 8;
    /** Signals for which HotSpot has the handler it has for SIGFPE: SIGSEGV, SIGBUS and SIGILL. */
    private static final int[] ALIKE = {11, 7, 4};

    private static final int[] ALL = {SIGFPE, ALIKE[0], ALIKE[1], ALIKE[2]};

    private static final long SIG_IGN = 1;
    /** glibc's struct sigaction has 152 bytes; room to spare for other C libraries. */
    private static final int STRUCT_BYTES = 512;
    /** Where glibc and musl have sa_flags: behind the handler and 128 bytes of mask. */
    private static final int FLAGS = 136;

    private static final int SA_RESETHAND = 0x8000_0000;

    private static @Nullable FfmSignals first;

    private final @Nullable MethodHandle sigaction;
    /** Actions of {@link #ALL}; null where another than the JVM's was found. */
    private final @Nullable MemorySegment[] saved = new MemorySegment[ALL.length];

    private final MemorySegment current = action();

    private FfmSignals(@Nullable MethodHandle sigaction) {
        this.sigaction = sigaction;
    }

    /**
     * Remembers the actions of the first call, the same for all of the process: later ones may find what OpenCL has left. Call it
     * before the first call into OpenCL.
     */
    static synchronized FfmSignals save() {
        FfmSignals known = first;
        if (known == null) {
            known = new FfmSignals(sigaction());
            known.take();
            first = known;
        }
        return known;
    }

    private void take() {
        if (sigaction == null) {
            return;
        }
        call(SIGFPE, MemorySegment.NULL, current);
        if (isForOneSignal(current)) {
            DivisionProbe.lost(); // the signal: whoever waited for it puts back what was there
        }
        for (int i = 0; i < ALL.length; i++) {
            MemorySegment action = action();
            call(ALL[i], MemorySegment.NULL, action);
            saved[i] = isForOneSignal(action) ? null : action;
        }
    }

    private static MemorySegment action() {
        return Arena.ofAuto().allocate(STRUCT_BYTES, 16);
    }

    private static boolean isForOneSignal(MemorySegment action) {
        return (action.get(JAVA_INT, FLAGS) & SA_RESETHAND) != 0;
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

    /** Puts the remembered actions back: that of SIGFPE whoever replaced it, the others where one waits for a single signal. */
    synchronized void restore() {
        if (sigaction == null) {
            return;
        }
        for (int i = 0; i < ALL.length; i++) {
            MemorySegment action = saved[i];
            if (action != null) {
                call(ALL[i], MemorySegment.NULL, current);
                if (ALL[i] == SIGFPE || isForOneSignal(current)) {
                    call(ALL[i], action, MemorySegment.NULL);
                }
            }
        }
    }

    /**
     * Where divisions are lost all the same, OpenCL was at work before {@link #save}, as in a host that lends us its context: then
     * SIGFPE gets the action of SIGSEGV, SIGBUS and SIGILL, which HotSpot handles by one function, if these three still agree.
     */
    synchronized void settle() {
        if (sigaction == null || DivisionProbe.lost() == 0) {
            return;
        }
        MemorySegment[] alike = alike();
        if (isForOneSignal(alike[0])) {
            call(SIGFPE, alike[0], MemorySegment.NULL);
            DivisionProbe.lost(); // LLVM's signal: it gives back what it took over from the others
            alike = alike();
        }
        long handler = handler(alike[0]);
        for (MemorySegment action : alike) {
            if (handler(action) <= SIG_IGN || isForOneSignal(action) || handler(action) != handler) {
                return;
            }
        }
        saved[0] = alike[0];
        System.arraycopy(alike, 0, saved, 1, alike.length);
        restore();
    }

    /** Actions of this moment. */
    private MemorySegment[] alike() {
        MemorySegment[] actions = new MemorySegment[ALIKE.length];
        for (int i = 0; i < ALIKE.length; i++) {
            actions[i] = action();
            call(ALIKE[i], MemorySegment.NULL, actions[i]);
        }
        return actions;
    }

    /** The first member. */
    private static long handler(MemorySegment action) {
        return action.get(ValueLayout.JAVA_LONG, 0);
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
