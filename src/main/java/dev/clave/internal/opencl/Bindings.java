package dev.clave.internal.opencl;

import dev.clave.DeviceException;
import java.lang.System.Logger.Level;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which binding serves OpenCL. By default the first that can be had: java.lang.foreign on JDK 22 and newer, then JOCL.
 *
 * @param api the binding, or null when none can be had
 * @param report one line: what was taken, what was skipped and why
 */
record Bindings(@Nullable OpenCl api, String report) {
    /** System property that forces a binding. */
    static final String PROPERTY = "clave.binding";

    private static final System.Logger LOGGER = System.getLogger("dev.clave");

    /** The binding that {@code -Dclave.binding} asks for; {@code auto} when it is not set. */
    static String wanted() {
        return System.getProperty(PROPERTY, "auto");
    }

    /** The binding's name in lower case; refuses unknown ones. */
    static String checked(String wanted) {
        String name = wanted.strip().toLowerCase(Locale.ROOT);
        if (!name.equals("auto") && !name.equals("jocl") && !name.equals("ffm")) {
            throw new IllegalArgumentException("unknown binding '" + wanted + "'; there are: auto, jocl, ffm");
        }
        return name;
    }

    /**
     * Decides.
     *
     * @param wanted {@code auto}, {@code jocl} or {@code ffm}
     * @throws DeviceException when a binding was forced and cannot be had
     */
    static Bindings choose(String wanted) {
        Bindings chosen = switch (checked(wanted)) {
            case "ffm" -> forced("ffm", FfmBinding.open());
            case "jocl" -> forced("jocl", JoclBinding.open());
            default -> first();
        };
        LOGGER.log(Level.DEBUG, chosen.report);
        return chosen;
    }

    private static Bindings forced(String name, BindingAttempt attempt) {
        if (attempt.api() == null) {
            throw new DeviceException("binding " + name + " was asked for and cannot be had: " + attempt.detail());
        }
        return new Bindings(attempt.api(), "binding " + name + " (" + attempt.detail() + "), as asked for");
    }

    private static Bindings first() {
        BindingAttempt ffm = FfmBinding.open();
        if (ffm.api() != null) {
            return new Bindings(ffm.api(), "binding ffm (" + ffm.detail() + ")");
        }
        BindingAttempt jocl = JoclBinding.open();
        String skipped = "ffm: " + ffm.detail();
        if (jocl.api() != null) {
            return new Bindings(jocl.api(), "binding jocl (" + jocl.detail() + "); skipped " + skipped);
        }
        return new Bindings(null, "no binding; skipped " + skipped + "; jocl: " + jocl.detail());
    }
}
