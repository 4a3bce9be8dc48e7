package dev.clave.op;

import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an OpenCL device's self-test, which runs when a device that the library does not know computes for the first
 * time; its verdict is stored per device, driver and library version. {@code -Dclave.selftest} is {@code auto}, {@code
 * always} (devices that are known are tested too, and nothing stored counts) or {@code never}.
 *
 * @param state what came out
 * @param at when it was tested, null when it was not
 * @param failures reasons by operator, direction and candidate, such as {@code conv2d forward tiled}: these are set aside on
 *     the device; empty unless {@code FAILED}
 */
public record SelfTestState(State state, @Nullable Instant at, Map<String, String> failures) {
    /** Kinds of verdicts. */
    public enum State {
        /** The library's own tests run on this driver; it is not tested again. */
        TRUSTED,
        /** Every kernel gave the right answers. */
        PASSED,
        /** Some did not. */
        FAILED,
        /** Nothing was computed on it so far. */
        UNTESTED,
        /** {@code -Dclave.selftest=never}. */
        OFF
    }

    /** Takes a copy, in order. */
    public SelfTestState {
        failures = Map.copyOf(failures);
    }

    static SelfTestState of(State state) {
        return new SelfTestState(state, null, Map.of());
    }

    static SelfTestState of(Verdict verdict, Instant at) {
        return new SelfTestState(verdict.failures().isEmpty() ? State.PASSED : State.FAILED, at, verdict.failures());
    }

    /**
     * {@return what is known without a test; null for a device that is not tested, which is any but OpenCL's}
     *
     * @param info what the device is called
     */
    public static @Nullable SelfTestState of(Device.Info info) {
        return info.kind().equals("opencl") ? SelfTest.state(info, mode(), VerdictCache.ofUser()) : null;
    }

    /**
     * {@return the same of a device that is open, after the test that its first use would run; null as above}
     *
     * @param device one that is open
     */
    public static @Nullable SelfTestState of(Device device) {
        if (!(device instanceof OpenClDevice openCl)) {
            return null;
        }
        Verdict verdict = SelfTest.of(openCl);
        SelfTestState known = SelfTest.state(device.info(), mode(), VerdictCache.ofUser());
        // Where nothing can be stored, the verdict of this process is all there is.
        return known.state == State.UNTESTED ? of(verdict, Instant.now()) : known;
    }

    /** {@return whether {@code -Dclave.selftest=always} asks for a test now} */
    public static boolean isForced() {
        return mode().equals("always");
    }

    private static String mode() {
        return System.getProperty(SelfTest.PROPERTY, "auto");
    }

    /** {@return the state in lower case: {@code trusted}, {@code passed}, {@code failed}, {@code untested} or {@code off}} */
    public String word() {
        return state.name().toLowerCase(Locale.ROOT);
    }

    /** One line. */
    @Override
    public String toString() {
        String on = at == null ? "" : " on " + at.atOffset(ZoneOffset.UTC).toLocalDate();
        return switch (state) {
            case TRUSTED -> "trusted, the library is tested on this driver";
            case PASSED -> "passed" + on;
            case FAILED ->
                "failed" + on + ", does without: "
                        + failures.entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .map(one -> one.getKey() + " (" + one.getValue() + ")")
                                .collect(Collectors.joining("; "));
            case UNTESTED -> "not yet tested, it is at its first use; -D" + SelfTest.PROPERTY + "=always tests now";
            case OFF -> "off (-D" + SelfTest.PROPERTY + "=never)";
        };
    }
}
