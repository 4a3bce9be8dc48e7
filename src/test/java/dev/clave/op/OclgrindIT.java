package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kernel variant under Oclgrind, the memory and race checker, on tiny shapes. It ends well whatever it finds: the gate
 * is an empty log, and planted errors must fill it. Races and uninitialised reads are looked for in two passes, since
 * reports of one would crowd out the other. It is taken as the only OpenCL platform of a Java process of its own.
 */
class OclgrindIT {
    private static final String LIBRARY = "liboclgrind-rt-icd.so";
    private static final Map<String, String> RACES = Map.of("OCLGRIND_DATA_RACES", "1", "OCLGRIND_CHECK_API", "1");
    /** Without optimisation: Oclgrind 21.10 cannot follow the compiler's freeze instructions in this pass. */
    private static final Map<String, String> UNINITIALISED =
            Map.of("OCLGRIND_UNINITIALIZED", "1", "OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable");

    @TempDir
    private Path folder;

    @BeforeEach
    void needsOclgrind() throws IOException {
        Path library = library();
        if (library == null) {
            System.out.println("skipped: Oclgrind is not installed, kernels run without a memory checker here; "
                    + "install what Debian calls oclgrind");
            assertEquals(null, System.getenv("CLAVE_REQUIRE_OCLGRIND"), "Oclgrind was required");
        }
        Assumptions.assumeTrue(library != null, "Oclgrind is not installed");
        Files.writeString(Files.createDirectories(folder.resolve("vendors")).resolve("oclgrind.icd"), library + "\n");
    }

    private static Path library() {
        List<String> folders = new ArrayList<>();
        String own = System.getenv("OCLGRIND_LIBRARY_PATH");
        if (own != null) {
            folders.add(own);
        }
        folders.addAll(List.of("/usr/lib/oclgrind", "/usr/lib64/oclgrind", "/usr/local/lib/oclgrind"));
        return folders.stream()
                .map(name -> Path.of(name, LIBRARY))
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
    }

    /** What Oclgrind has to say. */
    private String log(Map<String, String> checks, String says, String... arguments)
            throws IOException, InterruptedException {
        Path log = folder.resolve("oclgrind.log");
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-DuniqueLibraryNames=true",
                "-D" + SelfTest.PROPERTY + "=never",
                // A program of the other pass was compiled with other options, which the key does not know.
                "-Dclave.cache=off",
                // It calls itself a GPU too; the walk takes the kernels for both, those for GPUs with tiny tiles.
                "-D" + OpenClDevice.CLASS_PROPERTY + "=cpu",
                "-D" + TuningDatabase.PROPERTY + "=" + System.getProperty(TuningDatabase.PROPERTY, "default"),
                "-cp",
                classPath(),
                KernelWalk.class.getName()));
        if (Runtime.version().feature() >= 22) {
            command.add(1, "--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        Stream.of("LD_PRELOAD", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "OCL_ICD_FILENAMES")
                .forEach(environment::remove);
        environment.putAll(checks);
        environment.put("OCL_ICD_VENDORS", folder.resolve("vendors").toString());
        environment.put("OCLGRIND_LOG", log.toString());
        environment.put("OCLGRIND_MAX_ERRORS", "100");
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(10, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertTrue(ended, "no end after ten minutes:\n" + text);
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("Oclgrind Simulator") && text.contains(says), text);
        System.out.println("oclgrind, " + String.join(" ", arguments) + ": "
                + text.lines().reduce((first, last) -> last).orElse(""));
        return Files.readString(log, StandardCharsets.UTF_8);
    }

    /** This test's class path, the packaged jar in front where there is one. */
    private static String classPath() {
        String own = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        String jar = System.getProperty("clave.jar");
        return jar == null ? own : jar + File.pathSeparator + own;
    }

    @Test
    void everyVariantIsFreeOfRacesAndStraySteps() throws Exception {
        assertEquals("", log(RACES, " runs", "walk-all", "1", "8", "16"));
    }

    @Test
    void everySettingIsFreeOfRacesAndStraySteps() throws Exception {
        assertEquals("", log(RACES, " runs", "walk-settings"));
    }

    /** As a user would have them: by a database. */
    @Test
    void tunedSettingsAreFreeOfRacesAndStraySteps() throws Exception {
        assertEquals(
                "",
                log(
                        RACES,
                        " runs with planted settings",
                        "walk-tuned",
                        folder.resolve("tuning.jsonl").toString()));
    }

    /** Eight lanes stand for sixteen: see {@link #sixteenLanesAreTakenForUninitialised}. */
    @Test
    void everyVariantReadsWhatWasWritten() throws Exception {
        assertEquals("", log(UNINITIALISED, " runs", "walk-all", "1", "2", "8"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"race", "out_of_bounds", "divergence"})
    void plantedErrorsAreFound(String error) throws Exception {
        String log = log(RACES, "device", "planted", "planted_" + error);
        assertTrue(log.contains("planted_" + error), error + ": " + log);
    }

    @Test
    void plantedUninitialisedReadIsFound() throws Exception {
        String log = log(UNINITIALISED, "device", "planted", "planted_uninitialised");
        assertTrue(log.contains("Uninitialized"), log);
    }

    /** The checker's own defect, why the pass above leaves out sixteen lanes: once this fails, take them in. */
    @Test
    void sixteenLanesAreTakenForUninitialised() throws Exception {
        String log = log(UNINITIALISED, "device", "planted", "planted_sixteen");
        assertTrue(log.contains("Uninitialized"), "mended: walk 16 lanes for uninitialised reads too");
    }
}
