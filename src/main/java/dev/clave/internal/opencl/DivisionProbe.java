package dev.clave.internal.opencl;

/**
 * Looks whether Java's integer division by zero still throws. A runtime that installs its own SIGFPE handler (PoCL 3.1)
 * breaks it in the whole JVM.
 */
public final class DivisionProbe {
    /** Divisions tried. */
    public static final int ATTEMPTS = 64;

    private DivisionProbe() {}

    /** How many of {@link #ATTEMPTS} divisions by zero threw nothing. */
    public static int lost() {
        int lost = 0;
        for (int i = 0; i < ATTEMPTS; i++) {
            lost += throwsOnZero(i, 0) ? 0 : 1;
        }
        return lost;
    }

    private static boolean throwsOnZero(int dividend, int zero) {
        try {
            return dividend / zero == Integer.MIN_VALUE; // no quotient of these is
        } catch (ArithmeticException e) {
            return true;
        }
    }
}
