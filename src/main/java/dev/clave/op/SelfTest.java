package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.Sha256;
import dev.clave.internal.cpu.CpuDevice;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The self-test of a device that is used for the first time: drivers miscompile, and a wrong kernel is worse than a slow
 * one. Small problems with known answers run through the candidates; one that gives a wrong answer, does not compile or
 * does not run is set aside on that device, and the next candidate takes over. The verdict is stored per platform, device,
 * driver, library version and kernel sources. The system property {@code clave.selftest} is {@code auto} (devices that the
 * library is tested on are trusted), {@code always} (also those, and nothing stored counts) or {@code never}.
 */
final class SelfTest {
    static final String PROPERTY = "clave.selftest";

    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    /** Drivers by platform on which the whole suite runs. */
    private static final Map<String, String> TRUSTED = Map.of("Portable Computing Language", "3.1");

    /** Kernel files below an operator's own. */
    static final List<String> MORE_SOURCES = List.of(
            "conv2d/depthwise",
            "conv2d/implicit",
            "conv2d/packed",
            "conv2d/packed_weight",
            "conv2d/winograd",
            "conv2d/winograd1d",
            "gemm/local",
            "gemm/packed");

    /** Rotations and work-groups of the kernel with barriers. */
    private static final int ROUNDS = 3;

    private static final int GROUPS = 4;

    private final OpenClDevice device;
    private final Map<String, String> failures = new TreeMap<>();

    private SelfTest(OpenClDevice device) {
        this.device = device;
    }

    /** The verdict on a device; the test runs when this is asked for the first time and no verdict is stored. */
    static Verdict of(OpenClDevice device) {
        return device.once(
                Verdict.class,
                () -> verdict(device, System.getProperty(PROPERTY, "auto"), VerdictCache.ofUser(), Operators.rows()));
    }

    /** As {@link #of}, with what it depends on named. */
    static Verdict verdict(
            OpenClDevice device, String mode, VerdictCache cache, Map<String, List<OpenClCandidate>> candidates) {
        checkMode(mode);
        if (mode.equals("never") || (mode.equals("auto") && isTrusted(device.info()))) {
            return Verdict.GOOD;
        }
        String key = key(device.info(), candidates.keySet());
        Verdict stored = mode.equals("auto") ? cache.find(key) : null;
        if (stored == null) {
            stored = examine(device, candidates);
            cache.store(key, stored);
        }
        report(device, stored);
        return stored;
    }

    private static void checkMode(String mode) {
        if (!Set.of("auto", "always", "never").contains(mode)) {
            throw new IllegalArgumentException(
                    "unknown value '" + mode + "' of -D" + PROPERTY + "; there are: auto, always, never");
        }
    }

    /** What is known of a device without a test. */
    static SelfTestState state(Device.Info info, String mode, VerdictCache cache) {
        // The catalogue is large, and most devices are known: the listing need not load it.
        return state(info, mode, cache, () -> Operators.rows().keySet());
    }

    /** As above of some operators. */
    static SelfTestState state(Device.Info info, String mode, VerdictCache cache, Supplier<Set<String>> operators) {
        checkMode(mode);
        if (mode.equals("never")) {
            return SelfTestState.of(SelfTestState.State.OFF);
        }
        if (mode.equals("auto") && isTrusted(info)) {
            return SelfTestState.of(SelfTestState.State.TRUSTED);
        }
        String key = key(info, operators.get());
        Verdict stored = cache.find(key);
        return stored == null
                ? SelfTestState.of(SelfTestState.State.UNTESTED)
                : SelfTestState.of(stored, cache.storedAt(key));
    }

    static boolean isTrusted(Device.Info info) {
        String driver = TRUSTED.get(info.platform());
        return driver != null
                && info.driver().startsWith(driver)
                && (info.driver().length() == driver.length()
                        || !Character.isDigit(info.driver().charAt(driver.length())));
    }

    private static String key(Device.Info info, Set<String> operators) {
        String version = SelfTest.class.getPackage().getImplementationVersion();
        StringBuilder sources = new StringBuilder(OpenClDevice.source("self_test"));
        sources.append(OpenClDevice.source(ChainSource.FILE));
        operators.stream().sorted().forEach(name -> sources.append(OpenClDevice.source(name)));
        MORE_SOURCES.stream()
                .filter(name -> operators.contains(name.substring(0, name.indexOf('/'))))
                .forEach(name -> sources.append(OpenClDevice.source(name)));
        return String.join(
                "\t",
                info.platform(),
                info.name(),
                info.driver(),
                version == null ? "unpackaged" : version,
                Sha256.hex(sources.toString()));
    }

    private static void report(OpenClDevice device, Verdict verdict) {
        verdict.failures()
                .forEach((what, reason) -> LOGGER.log(
                        Level.WARNING,
                        "{0}, driver {1}, fails the self-test of {2} and does without it: {3}",
                        device.name(),
                        device.info().driver(),
                        what,
                        reason));
    }

    /** Runs the test. */
    static Verdict examine(OpenClDevice device, Map<String, List<OpenClCandidate>> candidates) {
        SelfTest test = new SelfTest(device);
        test.barrier();
        test.chain();
        int width = Math.max(1, Math.min(device.info().vectorWidth(), 16));
        try (CpuDevice cpu = new CpuDevice()) {
            for (SelfTestCase known : SelfTestCase.all()) {
                if (known.real() == DType.F64 && !device.info().fp64()) {
                    continue;
                }
                Map<String, double[]> answers = known.answers(cpu);
                for (int lanes : new TreeSet<>(List.of(1, Integer.highestOneBit(width)))) {
                    Problem problem = known.problem(lanes);
                    for (OpenClCandidate candidate : candidates.getOrDefault(problem.operator(), List.of())) {
                        if (candidate.declines(problem, device) == null) {
                            test.judge(known, problem, candidate, answers);
                        }
                    }
                }
            }
        }
        return new Verdict(test.failures);
    }

    private void judge(SelfTestCase known, Problem problem, OpenClCandidate candidate, Map<String, double[]> answers) {
        String reason;
        try (Invocation invocation = Invocation.openCl(device, problem, candidate)) {
            reason = known.difference(answers, known.run(device, invocation));
        } catch (RefusedException e) {
            return; // computes nothing wrong: it is refused again wherever it would be taken
        } catch (DeviceException e) {
            reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("fails");
        }
        if (reason != null) {
            failures.putIfAbsent(Verdict.key(problem, candidate.name()), reason);
        }
    }

    /** The kernel with barriers for work-groups as large as it allows, 64 at most; the caller closes it. */
    private record BarrierKernel(ClKernel kernel, int size) {
        static BarrierKernel of(OpenClDevice device, int rounds) {
            int size = (int) Math.min(64, Long.highestOneBit(Math.max(1, device.maxWorkGroup())));
            while (size > 1 && 2L * size * Float.BYTES > device.localMemory()) {
                size /= 2;
            }
            while (true) {
                Map<String, String> defines = Map.of("SIZE", String.valueOf(size), "ROUNDS", String.valueOf(rounds));
                ClKernel kernel = device.kernel("self_test", "self_test_barrier", defines);
                if (size == 1 || size <= kernel.maxWorkGroup()) {
                    return new BarrierKernel(kernel, size);
                }
                kernel.close();
                size /= 2;
            }
        }
    }

    private void barrier() {
        try {
            String wrong = barrier(BarrierKernel.of(device, ROUNDS));
            if (wrong != null) {
                failures.put(Verdict.BARRIER, wrong);
            }
        } catch (DeviceException e) {
            failures.put(
                    Verdict.BARRIER,
                    String.valueOf(e.getMessage()).lines().findFirst().orElse("fails"));
        }
    }

    private void chain() {
        String wrong = ChainCheck.wrong(device);
        if (wrong != null) {
            failures.put(Verdict.CHAIN, wrong);
        }
    }

    private @Nullable String barrier(BarrierKernel made) {
        int size = made.size();
        float[] input = new float[size * GROUPS];
        for (int i = 0; i < input.length; i++) {
            input[i] = i * 7 % 31 - 15;
        }
        List<Tensor> tensors = new ArrayList<>();
        try (ClKernel kernel = made.kernel()) {
            for (int i = 0; i < 2; i++) {
                Tensor tensor = device.allocate(DType.F32, Shape.of(input.length));
                tensors.add(tensor);
                kernel.setBuffer(i, tensor.write(input).storage());
            }
            kernel.enqueue(new long[] {input.length}, new long[] {size});
            return firstWrong(input, tensors.get(1).readFloats(), size);
        } finally {
            tensors.forEach(Tensor::close);
        }
    }

    private static @Nullable String firstWrong(float[] input, float[] got, int size) {
        for (int i = 0; i < input.length; i++) {
            int first = i / size * size;
            float expected = input[first + (i - first + ROUNDS) % size];
            for (int j = first; j < first + size; j++) {
                expected += input[j];
            }
            if (expected != got[i]) {
                return "barriers do not hold in a work-group of " + size + ": element " + i + " is " + got[i]
                        + " instead of " + expected;
            }
        }
        return null;
    }
}
