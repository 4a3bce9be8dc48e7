package dev.clave.internal;

import dev.clave.internal.Ledger.Place;
import java.util.Locale;

/** How much is remembered of who made a tensor or opened a device: {@code -Dclave.leaks=off|simple|paranoid}. */
enum LeakLevel {
    /** Nothing is remembered, nothing reported. */
    OFF,
    /** The line of code that made it: about 2 us for each tensor. */
    SIMPLE,
    /** The whole stack: for tests. */
    PARANOID;

    static final String PROPERTY = "clave.leaks";

    /** What the system property asks for. */
    static LeakLevel wanted() {
        String name = System.getProperty(PROPERTY, "simple");
        return switch (name.strip().toLowerCase(Locale.ROOT)) {
            case "off" -> OFF;
            case "simple" -> SIMPLE;
            case "paranoid" -> PARANOID;
            default ->
                throw new IllegalArgumentException("-D" + PROPERTY + " is off, simple or paranoid, got '" + name + "'");
        };
    }

    Place here() {
        return switch (this) {
            case OFF -> new Place("an unknown place (-D" + PROPERTY + "=simple remembers it)", null);
            case SIMPLE -> new Place(line(), null);
            case PARANOID -> new Place(line(), new Throwable("made here"));
        };
    }

    /** The caller of the library's core, and who called Clave when that is somebody else. */
    private static String line() {
        return StackWalker.getInstance().walk(frames -> {
            String nearest = null;
            for (StackWalker.StackFrame frame : (Iterable<StackWalker.StackFrame>) frames::iterator) {
                String name = frame.getClassName();
                if (nearest == null && !isCore(name)) {
                    nearest = String.valueOf(frame.toStackTraceElement());
                }
                if (nearest != null && !name.startsWith("dev.clave.") && !name.startsWith("java.")) {
                    String outer = String.valueOf(frame.toStackTraceElement());
                    return outer.equals(nearest) ? nearest : nearest + ", called by " + outer;
                }
            }
            return nearest == null ? "an unknown place" : nearest;
        });
    }

    private static boolean isCore(String name) {
        return name.startsWith("dev.clave.internal.")
                || name.startsWith("java.")
                || name.startsWith("dev.clave.spi.")
                || name.equals("dev.clave.Device")
                || name.startsWith("dev.clave.Backends")
                || name.equals("dev.clave.op.CpuBackend")
                || name.equals("dev.clave.op.OpenClBackend")
                || name.equals("dev.clave.Tensor")
                || name.equals("dev.clave.op.Invocation")
                || name.equals("dev.clave.op.Operators");
    }
}
