package dev.clave.internal.jar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Broken installations, seen by the program as a person starts it: a message, a cure and exit code 4, never a crash. */
class FaultsIT {
    @TempDir
    private Path folder;

    static List<String> bindings() {
        return ChildJvm.FEATURE < 22 ? List.of("jocl") : List.of("ffm", "jocl");
    }

    /** Signals are chained as the launcher does it, so that only the fault of the test is found. */
    private static ChildJvm jvm() {
        ChildJvm jvm = new ChildJvm();
        Path chaining = Path.of(System.getProperty("java.home"), "lib", "libjsig.so");
        return Files.exists(chaining) ? jvm.environment("LD_PRELOAD", chaining.toString()) : jvm;
    }

    private static ChildJvm.Result clave(ChildJvm jvm, String... arguments) throws Exception {
        return jvm.flags("-jar", ChildJvm.ALL_JAR.toString()).run(arguments);
    }

    private static void endsWith(int code, ChildJvm.Result result) {
        assertEquals(code, result.code(), result.output());
        assertFalse(result.output().contains("SIGSEGV"), result.output());
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void soundInstallationIsWell(String binding) throws Exception {
        ChildJvm.needsOpenCl();
        ChildJvm.Result result = clave(jvm(), "doctor", "--binding", binding);
        endsWith(0, result.says("computes").says("division by zero: throws").says("all is well"));
    }

    /** A file of that name which is no library stands before the real one. */
    @ParameterizedTest
    @MethodSource("bindings")
    void libraryThatCannotBeLoaded(String binding) throws Exception {
        for (String name : List.of("libOpenCL.so.1", "libOpenCL.so")) {
            Files.writeString(folder.resolve(name), "no library");
        }
        ChildJvm.Result forced = clave(
                jvm().environment("LD_LIBRARY_PATH", folder.toString()),
                "train",
                "--device",
                "opencl",
                "--data",
                "digits",
                "--binding",
                binding);
        endsWith(
                4,
                forced.says("clave: binding " + binding + " was asked for and cannot be had")
                        .says("install an OpenCL loader"));
        ChildJvm.Result doctor = clave(jvm().environment("LD_LIBRARY_PATH", folder.toString()), "doctor");
        endsWith(4, doctor.says("BAD  binding: no binding").says("cure: sudo apt-get install ocl-icd-libopencl1"));
        ChildJvm.Result devices = clave(jvm().environment("LD_LIBRARY_PATH", folder.toString()), "devices");
        endsWith(0, devices.says("skipped: no binding"));
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void loaderWithoutDriver(String binding) throws Exception {
        ChildJvm.needsOpenCl();
        Path empty = Files.createDirectory(folder.resolve("vendors"));
        noDriver(binding, empty, "no .icd file in " + empty, "cure: unset OCL_ICD_VENDORS");
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void brokenDriver(String binding) throws Exception {
        ChildJvm.needsOpenCl();
        Path vendors = Files.createDirectory(folder.resolve("vendors"));
        Files.writeString(vendors.resolve("a.icd"), folder.resolve("gone.so") + "\n");
        noDriver(binding, vendors, "names " + folder.resolve("gone.so") + ", which is not there", "cure: install");
        Files.writeString(folder.resolve("gone.so"), "no library");
        noDriver(binding, vendors, "ok   driver " + vendors.resolve("a.icd"), "BAD  devices");
        Files.writeString(vendors.resolve("a.icd"), "");
        noDriver(binding, vendors, "is empty", "cure: install");
    }

    private void noDriver(String binding, Path vendors, String finding, String cure) throws Exception {
        ChildJvm.Result doctor =
                clave(jvm().environment("OCL_ICD_VENDORS", vendors.toString()), "doctor", "--binding", binding);
        endsWith(4, doctor.says(finding).says(cure));
        ChildJvm.Result train = clave(
                jvm().environment("OCL_ICD_VENDORS", vendors.toString()),
                "train",
                "--device",
                "opencl",
                "--data",
                "digits",
                "--binding",
                binding);
        endsWith(4, train.says("clave: no OpenCL device: ").says("use --device cpu"));
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void cacheThatCannotBeWrittenCostsNothing(String binding) throws Exception {
        ChildJvm.needsOpenCl();
        Path file = Files.createFile(folder.resolve("file"));
        Path own = Files.createDirectory(folder.resolve("pocl"));
        ChildJvm jvm = jvm().environment("XDG_CACHE_HOME", file.toString())
                .environment("POCL_CACHE_DIR", own.toString())
                .flags("-Dclave.cache=on");
        ChildJvm.Result doctor = clave(jvm, "doctor", "--binding", binding);
        endsWith(
                4,
                doctor.says("BAD  program cache: " + file.resolve("clave"))
                        .says("cure: export XDG_CACHE_HOME=")
                        .says("computes")
                        .says("1 finding"));
    }

    /** No user, root included, may write there. */
    @ParameterizedTest
    @MethodSource("bindings")
    void homeThatCannotBeWritten(String binding) throws Exception {
        ChildJvm.needsOpenCl();
        Path own = Files.createDirectory(folder.resolve("pocl"));
        ChildJvm.Result works = clave(
                jvm().environment("HOME", "/proc/self")
                        .environment("XDG_CACHE_HOME", "")
                        .environment("POCL_CACHE_DIR", own.toString()),
                "doctor",
                "--binding",
                binding);
        endsWith(4, works.says("BAD  program cache: ").says("computes").says("1 finding"));
        ChildJvm.Result nothing = clave(
                jvm().environment("HOME", "/proc/self").environment("XDG_CACHE_HOME", ""),
                "doctor",
                "--binding",
                binding);
        endsWith(4, nothing.says("BAD  program cache: "));
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void corruptedCacheEntryIsCompiledAnew(String binding) throws Exception {
        ChildJvm.needsOpenCl();
        Path programs = folder.resolve("clave").resolve("programs");
        for (String state : List.of("cold", "warm", "truncated", "garbage")) {
            if (Files.isDirectory(programs)) {
                try (Stream<Path> entries = Files.list(programs)) {
                    for (Path entry : entries.toList()) {
                        byte[] whole = Files.readAllBytes(entry);
                        if (state.equals("truncated")) {
                            Files.write(entry, Arrays.copyOf(whole, whole.length / 2));
                        } else if (state.equals("garbage")) {
                            whole[whole.length - 100] ^= 1;
                            Files.write(entry, whole);
                        }
                    }
                }
            }
            ChildJvm.Result result = clave(
                    jvm().environment("XDG_CACHE_HOME", folder.toString()).flags("-Dclave.cache=on"),
                    "doctor",
                    "--binding",
                    binding);
            endsWith(0, result.says("computes"));
            try (Stream<Path> entries = Files.list(programs)) {
                assertEquals(1, entries.count(), state);
            }
        }
        ChildJvm cache = jvm().environment("XDG_CACHE_HOME", folder.toString());
        endsWith(0, clave(cache, "cache").says("path " + programs).says("entries 1"));
        ChildJvm clearing = jvm().environment("XDG_CACHE_HOME", folder.toString());
        endsWith(
                0,
                clave(clearing, "cache", "--clear")
                        .says("deleted 1")
                        .says("entries 0")
                        .says("bytes 0"));
    }

    @Test
    void temporaryDirectoryThatCannotBeWritten() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        ChildJvm.Result doctor = clave(jvm().flags("-Djava.io.tmpdir=" + file.resolve("tmp")), "doctor");
        endsWith(4, doctor.says("BAD  temporary directory").says("cure: -Djava.io.tmpdir=DIR"));
    }

    @Test
    void lostDivisionsAreFoundWithTheirCure() throws Exception {
        ChildJvm.needsOpenCl();
        ChildJvm.Result doctor = clave(new ChildJvm(), "doctor", "--binding", "jocl");
        boolean intact = doctor.output().contains("division by zero: throws");
        endsWith(
                intact ? 0 : 4,
                intact ? doctor : doctor.says("cure: export LD_PRELOAD=").says("libjsig.so"));
    }

    /** More than the heap: an exception of ours with its table, no error of the virtual machine's. */
    @Test
    void fullHeapIsOutOfDeviceMemory() throws Exception {
        ChildJvm.Result result = new ChildJvm()
                .classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString())
                .flags("-Xmx64m", "-Dclave.memory.share=1")
                .run(FullHeapProgram.class.getName());
        endsWith(
                0,
                result.says(
                                "DeviceOutOfMemoryException: device Java CPU: asked for 8388608 bytes (tensor F64[1024, 1024])")
                        .says("largest live tensors")
                        .says("in use after closing 0"));
        assertTrue(result.output().contains("8388608  tensor F64[1024, 1024], made at "), result.output());
    }
}
