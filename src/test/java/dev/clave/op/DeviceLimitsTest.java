package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.opencl.PlantedDriver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work-groups that a kernel does not allow, and barriers that do not hold, on a device whose driver lies. */
class DeviceLimitsTest {
    private static final int COUNT = 150;
    private static final Problem RELU =
            new Activation(Activation.Kind.RELU, 1, COUNT, 0).problem("forward", Format.NCHW);

    @TempDir
    private Path folder;

    @BeforeEach
    void needsOpenCl() {
        boolean found = !Device.list().isEmpty();
        if (!found) {
            System.out.println("limits are not tested here: " + Device.listReason());
            assertNull(System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
        Assumptions.assumeTrue(found, "no OpenCL device");
    }

    /** Right on every device that keeps its word, and fastest by its place in the list. */
    private static final class Staged implements OpenClCandidate {
        @Override
        public String name() {
            return "staged";
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            return null;
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            return List.of(new Launch("staged_relu", "staged_relu")
                    .buffers("input", "output")
                    .ints(COUNT)
                    .elements(COUNT));
        }

        @Override
        public boolean usesBarriers() {
            return true;
        }
    }

    private static OpenClBackend backend() {
        return new OpenClBackend("auto", operator -> {
            List<OpenClCandidate> all = new ArrayList<>(List.of(new Staged()));
            all.addAll(Operators.row(operator).candidates());
            return all;
        });
    }

    /** Runs relu and checks it; the candidate that was taken. */
    private static String relu(OpenClDevice device) {
        float[] input = new float[COUNT];
        float[] expected = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            input[i] = i * 7 % 31 - 15;
            expected[i] = Math.max(input[i], 0);
        }
        try (Invocation run = Operators.prepare(backend(), device, RELU, null);
                Tensor in = device.allocate(DType.F32, Shape.of(COUNT)).write(input);
                Tensor out = device.allocate(DType.F32, Shape.of(COUNT)).write(new float[COUNT])) {
            run.bind("input", in).bind("output", out).run();
            assertArrayEquals(expected, out.readFloats());
            return run.candidate();
        }
    }

    @Test
    void whatTheDriverAllowsIsTaken() {
        PlantedDriver driver = new PlantedDriver(Long.MAX_VALUE, false);
        try (OpenClDevice device = driver.open(folder)) {
            device.once(Verdict.class, () -> Verdict.GOOD);
            assertEquals("staged", relu(device));
            assertEquals(List.of("staged_relu 64"), driver.launches());
        }
    }

    /** Without barriers a group shrinks; with them the candidate is refused, reported and the next is taken. */
    @Test
    void limitsOfAKernelAreObeyed() {
        PlantedDriver driver = new PlantedDriver(24, false);
        List<String> warnings = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                warnings.add(new java.util.logging.SimpleFormatter().formatMessage(entry));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("dev.clave");
        logger.addHandler(handler);
        try (OpenClDevice device = driver.open(folder)) {
            device.once(Verdict.class, () -> Verdict.GOOD);
            assertEquals("reference", relu(device));
            assertEquals(List.of("activation_forward_reference 16"), driver.launches());
            String why = "kernel staged_relu needs work-groups of 64 work-items, this device runs it with at most 24";
            assertEquals(List.of(device.name() + " does without activation forward staged: " + why), warnings);
            assertEquals("reference", relu(device));
            assertEquals(1, warnings.size(), "said once");
            assertEquals(why, backend().candidates(device, RELU).get(0).refuses());
            String named = assertThrows(
                            IllegalArgumentException.class, () -> Operators.prepare(backend(), device, RELU, "staged"))
                    .getMessage();
            assertTrue(named.contains("activation forward: staged refuses, " + why), named);
        } finally {
            logger.removeHandler(handler);
        }
    }

    /** A verdict is stored for good; what a limit refuses is refused again whenever it is prepared. */
    @Test
    void aRefusalIsNoFailureOfTheSelfTest() {
        PlantedDriver driver = new PlantedDriver(24, false);
        try (OpenClDevice device = driver.open(folder)) {
            List<OpenClCandidate> both = List.of(
                    new Staged(), Operators.row("activation").candidates().get(1));
            Verdict verdict = SelfTest.examine(device, Map.of("activation", both));
            assertEquals(Map.of(), verdict.failures());
            assertEquals("self_test_barrier 16", driver.launches().get(0));
            assertTrue(driver.launches().contains("activation_forward_reference 16"), "what shrinks is tested");
            assertTrue(driver.launches().stream().noneMatch(one -> one.startsWith("staged")), "nothing is forced");
        }
    }

    /** The self-test finds it by running a kernel, and the candidate that counts on barriers is set aside. */
    @Test
    void withoutBarriersCandidatesThatNeedThemAreRefused() {
        try (OpenClDevice device = new PlantedDriver(Long.MAX_VALUE, true).open(folder)) {
            Verdict verdict = SelfTest.examine(device, Map.of("activation", List.of(new Staged())));
            String found = String.valueOf(verdict.failures().get(Verdict.BARRIER));
            assertTrue(found.startsWith("barriers do not hold in a work-group of 64: element "), found);
            device.once(Verdict.class, () -> new Verdict(Map.of(Verdict.BARRIER, found)));
            assertEquals("reference", relu(device));
            assertEquals(
                    "set aside by the device's self-test: " + found,
                    backend().candidates(device, RELU).get(0).refuses());
        }
    }

    /** Whoever calls barrier must say so: else a device without them would be trusted with it. */
    @Test
    void candidatesSayWhetherTheyUseBarriers() {
        try (OpenClDevice device = new PlantedDriver(Long.MAX_VALUE, false).open(folder);
                Device cpu = Device.cpu()) {
            assertTrue(callsBarrier(new Staged(), RELU, device), "the search sees a barrier");
            Set<String> seen = new TreeSet<>();
            for (OpCase op : TinyCases.of(cpu, device)) {
                for (OpenClCandidate candidate : Operators.rows().get(op.plain().operator())) {
                    if (candidate.refuses(op.plain(), device) == null) {
                        assertEquals(
                                candidate.usesBarriers(),
                                callsBarrier(candidate, op.plain(), device),
                                op.plain() + " " + candidate.name());
                        seen.add(op.plain().operator());
                    }
                }
            }
            assertTrue(seen.containsAll(List.of("conv2d", "gemm", "max_pool2d", "softmax", "adam")), seen.toString());
        }
    }

    private static boolean callsBarrier(OpenClCandidate candidate, Problem problem, OpenClDevice device) {
        return candidate.launches(problem, device).stream()
                .anyMatch(launch -> OpenClDevice.source(launch.file).contains("barrier("));
    }
}
