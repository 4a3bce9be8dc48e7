package dev.clave.internal.jar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A Java process as an embedder starts it: no preloaded library, and the flags that a test names. */
final class ChildJvm {
    static final int FEATURE = Runtime.version().feature();
    static final Path JAR = jar("clave.jar");
    static final Path ALL_JAR = jar("clave.all.jar");
    static final String TEST_CLASSES =
            Path.of("target/test-classes").toAbsolutePath().toString();

    private final List<String> flags = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();

    /** Exit code and everything printed, both streams. */
    record Result(int code, String output) {
        Result succeeds() {
            assertEquals(0, code, output);
            return this;
        }

        Result says(String part) {
            assertTrue(output.contains(part), "expected '" + part + "' in:\n" + output);
            return this;
        }
    }

    private static Path jar(String property) {
        String path = System.getProperty(property);
        assertTrue(path != null, "the build sets -D" + property + "; run mvn verify");
        return Path.of(path);
    }

    static String jocl() {
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (Path.of(entry).getFileName().toString().startsWith("jocl-")) {
                return entry;
            }
        }
        throw new AssertionError("JOCL is not on this test's class path");
    }

    static void needsFfm() {
        needsOpenCl();
        if (FEATURE < 22) {
            System.out.println("skipped: java.lang.foreign needs JDK 22, this is " + FEATURE);
        }
        Assumptions.assumeTrue(FEATURE >= 22, "needs JDK 22");
    }

    static void needsOpenCl() {
        boolean found = !Device.list().isEmpty();
        if (!found) {
            System.out.println("skipped: no OpenCL device: " + Device.listReason());
            assertEquals(null, System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
        Assumptions.assumeTrue(found, "no OpenCL device");
    }

    ChildJvm flags(String... more) {
        flags.addAll(List.of(more));
        return this;
    }

    ChildJvm nativeAccess() {
        return FEATURE < 22 ? this : flags("--enable-native-access=ALL-UNNAMED");
    }

    ChildJvm classPath(String... entries) {
        return flags("-cp", String.join(File.pathSeparator, entries));
    }

    ChildJvm environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Runs to the end. */
    Result run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("clave", ".log");
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove("LD_PRELOAD");
        builder.environment().remove("JDK_JAVA_OPTIONS");
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(10, TimeUnit.MINUTES);
        if (!ended) {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.UTF_8);
        Files.delete(output);
        assertTrue(ended, "no end after ten minutes:\n" + text);
        return new Result(process.exitValue(), text);
    }
}
