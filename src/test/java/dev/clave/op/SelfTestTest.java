package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.internal.opencl.OpenClDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A device's self-test: right candidates pass on every device, wrong ones are set aside and the next takes over. */
@ExtendWith(TestDevices.Parameter.class)
class SelfTestTest {
    private final TestDevices devices;

    SelfTestTest(TestDevices devices) {
        this.devices = devices;
    }

    /** A candidate under another one's name, with its launches tampered with. */
    private record Wrong(OpenClCandidate right, Consumer<Launch> change) implements OpenClCandidate {
        @Override
        public String name() {
            return right.name();
        }

        @Override
        public @Nullable String refuses(Problem problem, OpenClDevice device) {
            return right.refuses(problem, device);
        }

        @Override
        public List<Launch> launches(Problem problem, OpenClDevice device) {
            List<Launch> launches = right.launches(problem, device);
            launches.forEach(change);
            return launches;
        }
    }

    private static Map<String, List<OpenClCandidate>> planted(String operator, Consumer<Launch> change) {
        Map<String, List<OpenClCandidate>> rows = new TreeMap<>(Operators.rows());
        rows.put(
                operator,
                rows.get(operator).stream()
                        .map(right -> right.name().equals("tiled") ? (OpenClCandidate) new Wrong(right, change) : right)
                        .toList());
        return rows;
    }

    @Test
    void everyDevicePasses() {
        for (Device device : devices.openCl()) {
            long begin = System.nanoTime();
            assertEquals(
                    Map.of(),
                    SelfTest.examine((OpenClDevice) device, Operators.rows()).failures());
            System.out.println(
                    "self-test of " + device.name() + ": " + (System.nanoTime() - begin) / 1_000_000 + " ms");
            devices.count(device, "self-test");
        }
    }

    @Test
    void aWrongCandidateIsSetAsideAndTheNextTakesOver() {
        for (int i = 0; i < devices.openCl().size(); i++) {
            try (OpenClDevice device = (OpenClDevice) Device.open(String.valueOf(i))) {
                Verdict verdict = SelfTest.examine(
                        device, only("conv2d", planted("conv2d", launch -> launch.define("PAD_LEFT", 0))));
                assertTrue(verdict.failures().containsKey("conv2d forward tiled"), verdict.text());
                assertTrue(
                        verdict.failures().keySet().stream().allMatch(what -> what.endsWith(" tiled")), verdict.text());
                // The verdict is planted in a fresh device before anything asks for one.
                device.once(Verdict.class, () -> verdict);
                OpCase op = OpCase.exact(
                        "self-test", new Conv2d(3, 2, 4, 5, 5, Window.of(3, 3).pad(1), 1, true), "forward");
                try (Invocation chosen = Operators.prepare(device, op.plain())) {
                    assertEquals("reference", chosen.candidate());
                }
                assertEquals(List.of("reference"), Operators.candidates(device, op.plain()));
                assertTrue(
                        Operators.explain(device, op.plain())
                                .contains(
                                        "conv2d forward: tiled refuses, set aside by the device's self-test: Conv2d["),
                        Operators.explain(device, op.plain()));
                TestDevices.Place place = new TestDevices.Place(device, op.plain(), "reference");
                Exact.check("reference", Exact.reference(devices, op), Harness.run(place, op));
                assertThrows(IllegalArgumentException.class, () -> Operators.prepare(device, op.plain(), "tiled"));
            }
        }
    }

    @Test
    void whatDoesNotCompileOrCannotStartIsSetAside() {
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            Verdict broken =
                    SelfTest.examine(openCl, only("gemm", planted("gemm", launch -> launch.define("MT", "(("))));
            assertTrue(broken.failures().get("gemm forward tiled").contains("does not compile"), broken.text());
            Verdict large = SelfTest.examine(openCl, only("gemm", planted("gemm", launch -> {
                launch.global = new long[] {3};
                launch.local = new long[] {2};
            })));
            assertTrue(large.failures().containsKey("gemm forward tiled"), large.text());
            assertFalse(large.failures().containsKey("gemm forward reference"), large.text());
        }
    }

    private static Map<String, List<OpenClCandidate>> only(
            String operator, Map<String, List<OpenClCandidate>> candidates) {
        return Map.of(operator, candidates.get(operator));
    }

    @Test
    void withoutAnyCandidateTheDeviceIsToBlame() {
        for (int i = 0; i < devices.openCl().size(); i++) {
            try (OpenClDevice device = (OpenClDevice) Device.open(String.valueOf(i))) {
                device.once(Verdict.class, () -> new Verdict(Map.of("add forward reference", "1 + 1 is 3")));
                DeviceException e = assertThrows(
                        DeviceException.class,
                        () -> Operators.prepare(device, new Add(1, 2).problem("forward", Format.NCHW)));
                assertTrue(e.getMessage().contains("1 + 1 is 3"), e.getMessage());
            }
        }
    }

    @Test
    void candidatesWithBarriersNeedThem() {
        Problem problem = new Add(1, 2).problem("forward", Format.NCHW);
        OpenClCandidate plain = AddOpenCl.candidates().get(0);
        OpenClCandidate synchronised = new OpenClCandidate() {
            @Override
            public String name() {
                return "synchronised";
            }

            @Override
            public @Nullable String refuses(Problem other, OpenClDevice device) {
                return null;
            }

            @Override
            public List<Launch> launches(Problem other, OpenClDevice device) {
                return List.of();
            }

            @Override
            public boolean usesBarriers() {
                return true;
            }
        };
        Verdict verdict = new Verdict(Map.of(Verdict.BARRIER, "they do not hold"));
        assertNull(verdict.against(problem, plain));
        assertNotNull(verdict.against(problem, synchronised));
        assertNull(Verdict.GOOD.against(problem, synchronised));
    }

    @Test
    void theVerdictIsStoredPerDevice(@TempDir Path folder) throws IOException {
        VerdictCache cache = VerdictCache.of(folder.toString(), null);
        Verdict verdict = new Verdict(Map.of("gemm forward tiled", "c[3] is 1.0\ninstead of 2.0", "barrier", "no"));
        assertNull(cache.find("device\t1"));
        cache.store("device\t1", verdict);
        cache.store("device\t2", Verdict.GOOD);
        assertEquals(
                Map.of("gemm forward tiled", "c[3] is 1.0 instead of 2.0", "barrier", "no"),
                cache.find("device\t1").failures());
        assertEquals(Verdict.GOOD, cache.find("device\t2"));
        assertNull(cache.find("device\t3"));
        try (var files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = Files.readString(file);
                Files.writeString(file, text.contains("gemm") ? text + "torn" : text.replace("\t2", "\t9"));
            }
        }
        assertNull(cache.find("device\t1"), "a damaged file is a miss");
        assertNull(cache.find("device\t2"), "another key's file is a miss");
    }

    /** A file where the directory should be: nobody, not even root, can write below it. */
    @Test
    void anUnwritableCacheOnlyCostsTime(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        VerdictCache cache = VerdictCache.of(file.toString(), null);
        cache.store("key", Verdict.GOOD);
        assertNull(cache.find("key"));
        new VerdictCache(null).store("key", Verdict.GOOD);
        assertNull(new VerdictCache(null).find("key"));
    }

    @Test
    void theCacheLiesWhereTheUserKeepsCaches() {
        assertEquals(new VerdictCache(Path.of("/c/clave/self-test")), VerdictCache.of("/c", "/h"));
        assertEquals(new VerdictCache(Path.of("/h/.cache/clave/self-test")), VerdictCache.of("relative", "/h"));
        assertEquals(new VerdictCache(Path.of("/h/.cache/clave/self-test")), VerdictCache.of(null, "/h"));
        assertEquals(new VerdictCache(null), VerdictCache.of(null, "?"));
    }

    @Test
    void storedVerdictsCountUnlessTheTestIsForced(@TempDir Path folder) {
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            VerdictCache cache =
                    new VerdictCache(folder.resolve(String.valueOf(device.name().hashCode())));
            Map<String, List<OpenClCandidate>> wrong =
                    only("gemm", planted("gemm", launch -> launch.define("ACTIVATION", 1)));
            Map<String, List<OpenClCandidate>> right = only("gemm", Operators.rows());
            assertEquals(Verdict.GOOD, SelfTest.verdict(openCl, "never", cache, wrong));
            Verdict first = SelfTest.verdict(openCl, "always", cache, wrong);
            assertNotEquals(Verdict.GOOD, first);
            boolean trusted = SelfTest.isTrusted(device.info());
            assertEquals(trusted ? Verdict.GOOD : first, SelfTest.verdict(openCl, "auto", cache, right));
            assertEquals(Verdict.GOOD, SelfTest.verdict(openCl, "always", cache, right));
            assertThrows(IllegalArgumentException.class, () -> SelfTest.verdict(openCl, "sometimes", cache, right));
        }
    }

    /** What is known without a test, and what the listing of devices says of it. */
    @Test
    void whatIsKnownOfADevice(@TempDir Path folder) {
        VerdictCache cache = new VerdictCache(folder);
        Device.Info unknown = new Device.Info("opencl", "rusticl", "llvmpipe", "7", "jocl", false, 1);
        assertEquals(
                SelfTestState.State.TRUSTED,
                SelfTest.state(pocl("3.1"), "auto", cache).state());
        assertEquals(
                SelfTestState.State.UNTESTED,
                SelfTest.state(pocl("3.1"), "always", cache).state());
        assertEquals(
                "not yet tested, it is at its first use; -Dclave.selftest=always tests now",
                SelfTest.state(unknown, "auto", cache).toString());
        assertEquals(
                "off (-Dclave.selftest=never)",
                SelfTest.state(unknown, "never", cache).toString());
        assertThrows(IllegalArgumentException.class, () -> SelfTest.state(unknown, "sometimes", cache));
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            String today = java.time.LocalDate.now(java.time.ZoneOffset.UTC).toString();
            Map<String, List<OpenClCandidate>> wrong =
                    only("gemm", planted("gemm", launch -> launch.define("ACTIVATION", 1)));
            SelfTest.verdict(openCl, "always", cache, wrong);
            SelfTestState failed = SelfTest.state(device.info(), "always", cache, wrong::keySet);
            assertEquals(SelfTestState.State.FAILED, failed.state());
            assertTrue(failed.failures().containsKey("gemm forward tiled"), failed.toString());
            assertTrue(
                    failed.toString().startsWith("failed on " + today + ", does without: gemm forward tiled ("),
                    failed.toString());
            SelfTest.verdict(openCl, "always", cache, only("gemm", Operators.rows()));
            assertEquals(
                    "passed on " + today,
                    SelfTest.state(device.info(), "always", cache, wrong::keySet)
                            .toString());
        }
    }

    /** A stored verdict is of the kernels as they were: all of them count. */
    @Test
    void noKernelFileIsForgotten() throws IOException {
        try (var files = Files.walk(Path.of("kernels"))) {
            assertEquals(
                    SelfTest.MORE_SOURCES,
                    files.map(file -> Path.of("kernels").relativize(file).toString())
                            .filter(name -> name.endsWith(".cl") && name.contains("/"))
                            .map(name -> name.replace(".cl", ""))
                            .sorted()
                            .toList());
        }
    }

    @Test
    void onlyTheDriversThatTheSuiteRunsOnAreTrusted() {
        assertTrue(SelfTest.isTrusted(pocl("3.1")));
        assertTrue(SelfTest.isTrusted(pocl("3.1+debian")));
        assertFalse(SelfTest.isTrusted(pocl("3.10")));
        assertFalse(SelfTest.isTrusted(pocl("1.8")));
        assertFalse(SelfTest.isTrusted(new Device.Info("opencl", "rusticl", "llvmpipe", "3.1", "jocl", false, 1)));
    }

    private static Device.Info pocl(String driver) {
        return new Device.Info("opencl", "Portable Computing Language", "pthread", driver, "jocl", true, 16);
    }

    @Test
    void groupsFitTheDevice() {
        Launch launch = new Launch("add", "add_forward_reference").elements(67);
        launch.fit(4096, false);
        assertEquals(64, launch.local[0]);
        launch.fit(24, false);
        assertEquals(16, launch.local[0]);
        assertEquals(0, launch.global[0] % launch.local[0]);
        launch.fit(1, false);
        assertEquals(1, launch.local[0]);
        assertTrue(launch.global[0] >= 67);
    }

    @Test
    void groupsThatBarriersCountOnDoNotShrink() {
        Launch launch = new Launch("add", "add_forward_reference").elements(67);
        launch.fit(64, true);
        RefusedException refused = assertThrows(RefusedException.class, () -> launch.fit(63, true));
        assertEquals(
                "kernel add_forward_reference needs work-groups of 64 work-items, this device runs it with at most 63",
                refused.getMessage());
        assertEquals(64, launch.local[0]);
    }
}
