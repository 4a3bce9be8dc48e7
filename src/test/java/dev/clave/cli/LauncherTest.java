package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher in a checkout of its own whose path has blanks, with a Java and a Maven that only note how they were
 * called.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a bash script")
class LauncherTest {
    private static final String[] TOOLS = {
        "awk",
        "bash",
        "cat",
        "cp",
        "date",
        "dirname",
        "find",
        "grep",
        "head",
        "id",
        "mkdir",
        "mktemp",
        "mv",
        "readlink",
        "rm",
        "rmdir",
        "sed",
        "sh",
        "sleep",
        "sort",
        "tail",
        "touch",
        "uname"
    };

    @TempDir
    private Path folder;

    private Path checkout;
    private Path elsewhere;
    private Path source;
    private Path bin;
    private Path calls;
    private final Map<String, String> environment = new HashMap<>();

    private record Result(int code, String out, String err) {}

    @BeforeEach
    void checkOut() throws IOException {
        checkout = Files.createDirectories(folder.resolve("my check out"));
        elsewhere = Files.createDirectories(folder.resolve("else where"));
        bin = Files.createDirectory(folder.resolve("bin"));
        calls = folder.resolve("calls");
        source = Files.createDirectories(checkout.resolve("src/main")).resolve("A.java");
        Files.createDirectory(checkout.resolve("kernels"));
        for (Path file : List.of(source, checkout.resolve("pom.xml"))) {
            Files.writeString(file, "");
        }
        Files.copy(Path.of("clave"), checkout.resolve("clave"));
        assertTrue(checkout.resolve("clave").toFile().setExecutable(true));
        script(
                bin.resolve("mvn"),
                "echo \"mvn $PWD: $*\" >>'" + calls + "'",
                "mkdir '" + folder + "/busy' || echo overlap >>'" + calls + "'",
                "sleep 0.2; rmdir '" + folder + "/busy'",
                "if [ -n \"${BREAK:-}\" ]; then printf '\\033[1m[ERROR]\\033[m it is broken\\n'; exit 1; fi",
                "mkdir -p target/lib; echo \"$$\" >target/clave-1-all.jar; echo jocl >target/lib/jocl-1.jar");
        environment.put("PATH", bin + ":" + System.getenv("PATH"));
        environment.put("CLAVE_NO_INSTALL", "1");
        environment.put("JAVA_HOME", java("jdk 17", "17.0.9", true).toString());
    }

    private static void script(Path file, String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    /** A Java home that prints its version, or where it runs and its arguments. */
    private Path java(String name, String version, boolean compiler) throws IOException {
        Path home = folder.resolve(name);
        script(
                home.resolve("bin/java"),
                "if [ \"$1\" = -version ]; then echo 'openjdk version \"" + version + "\" 2024-01-01' >&2; exit; fi",
                "echo \"in $PWD\"; echo \"preload ${LD_PRELOAD:-}\"; for a; do echo \"<$a>\"; done");
        if (compiler) {
            script(home.resolve("bin/javac"), "exit 1");
        }
        return home;
    }

    /** A path without Maven, flock and apt-get. */
    private void fewTools(boolean maven) throws IOException {
        Path few = Files.createDirectory(folder.resolve("few"));
        for (String tool : TOOLS) {
            for (String place : new String[] {"/bin", "/usr/bin"}) {
                if (Files.exists(Path.of(place, tool))) {
                    script(few.resolve(tool), "exec " + place + "/" + tool + " \"$@\"");
                }
            }
        }
        if (maven) {
            script(few.resolve("mvn"), "exec '" + bin + "/mvn' \"$@\"");
        }
        environment.put("PATH", few.toString());
    }

    private Process start(String name, Path launcher, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("bash", launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(elsewhere.toFile());
        builder.environment().keySet().removeIf(key -> key.startsWith("OCL_") || key.startsWith("CLAVE_"));
        builder.environment().remove("LD_PRELOAD");
        builder.environment().putAll(environment);
        builder.redirectOutput(folder.resolve(name + ".out").toFile());
        builder.redirectError(folder.resolve(name + ".err").toFile());
        return builder.start();
    }

    private Result finish(String name, Process process) throws Exception {
        int code = process.waitFor();
        return new Result(
                code, Files.readString(folder.resolve(name + ".out")), Files.readString(folder.resolve(name + ".err")));
    }

    private Result run(String... arguments) throws Exception {
        return finish("run", start("run", checkout.resolve("clave"), arguments));
    }

    private List<String> calls() throws IOException {
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    private List<Path> jars() throws IOException {
        try (var files = Files.list(checkout.resolve("target/run"))) {
            return files.filter(file -> !file.equals(lib())).sorted().toList();
        }
    }

    /** Where the libraries lie that the jar's manifest names. */
    private Path lib() {
        return checkout.resolve("target/run/lib");
    }

    @Test
    void runsWhereThePersonIsAndBuildsOnce() throws Exception {
        Path link = Files.createSymbolicLink(elsewhere.resolve("link"), checkout.resolve("clave"));
        Path chain = Files.createSymbolicLink(elsewhere.resolve("chain"), Path.of("link"));
        for (Path launcher : List.of(checkout.resolve("clave"), link, chain)) {
            Result result = finish("run", start("run", launcher, "view", "--data", "../x y", ""));
            assertEquals(0, result.code(), result.err());
            List<String> lines = result.out().lines().toList();
            assertEquals("in " + elsewhere.toRealPath(), lines.get(0));
            assertEquals(
                    List.of("<view>", "<--data>", "<../x y>", "<>"), lines.subList(lines.size() - 4, lines.size()));
            String jar = lines.get(lines.size() - 5);
            assertEquals("<" + jars().get(0).toRealPath() + ">", jar);
        }
        assertEquals("jocl\n", Files.readString(lib().resolve("jocl-1.jar")));
        assertEquals(1, calls().size(), calls().toString());
        assertTrue(calls().get(0).startsWith("mvn " + checkout.toRealPath() + ": "), calls().get(0));
    }

    @Test
    void backendsOfOthersStandBesideTheJar() throws Exception {
        environment.put("CLAVE_BACKENDS", "more/acme one.jar:b.jar");
        Result result = run("devices", "--json");
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        String jar = jars().get(0).toRealPath().toString();
        assertEquals(
                List.of(
                        "<-cp>",
                        "<" + jar + ":more/acme one.jar:b.jar>",
                        "<dev.clave.cli.Main>",
                        "<devices>",
                        "<--json>"),
                lines.subList(lines.size() - 5, lines.size()));
    }

    @Test
    void aRebuildLeavesTheJarInUseAndRemovesOldOnes() throws Exception {
        assertEquals(0, run("view").code());
        Path first = jars().get(0);
        String content = Files.readString(first);
        Instant now = Instant.now();
        Path old = Files.writeString(first.resolveSibling("clave-0-17.jar"), "old");
        Files.setLastModifiedTime(old, FileTime.from(now.minus(Duration.ofDays(3))));
        Files.setLastModifiedTime(first, FileTime.from(now.minus(Duration.ofHours(2))));
        Files.setLastModifiedTime(source, FileTime.from(now.minus(Duration.ofHours(1))));
        // Names hold the second and the process: a second build never meets the first one's name.
        Result again = run("view");
        assertEquals(0, again.code(), again.err());
        assertEquals(2, calls().size());
        assertEquals(content, Files.readString(first));
        assertFalse(Files.exists(old));
        assertEquals(2, jars().size(), jars().toString());
        assertFalse(again.out().contains(first.getFileName().toString()), again.out());
    }

    private void twoAtOnce() throws Exception {
        Process one = start("one", checkout.resolve("clave"), "view");
        Process two = start("two", checkout.resolve("clave"), "view");
        for (Result result : List.of(finish("one", one), finish("two", two))) {
            assertEquals(0, result.code(), result.err());
            assertTrue(result.out().contains("<view>"), result.out());
        }
        assertEquals(1, calls().size(), calls().toString());
        assertEquals(1, jars().size(), jars().toString());
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        twoAtOnce();
    }

    @Test
    void twoAtOnceBuildOnceWithoutFlockAndAfterALockLeftBehind() throws Exception {
        fewTools(true);
        Path left = Files.createDirectories(checkout.resolve("target/.lock.d"));
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Files.writeString(left.resolve("pid"), gone.pid() + "\n");
        twoAtOnce();
        assertFalse(Files.exists(left));
    }

    @Test
    void aFailedBuildIsShownWithoutEscapeCodes() throws Exception {
        environment.put("BREAK", "1");
        Result result = run("view");
        assertEquals(2, result.code());
        assertTrue(result.err().contains("\n[ERROR] it is broken\n"), result.err());
        assertTrue(result.err().contains("the build failed"), result.err());
        assertEquals("", result.out());
        assertEquals(List.of(), jars());
        environment.remove("BREAK");
        assertEquals(0, run("view").code());
    }

    private void refused(String home, String... parts) throws Exception {
        environment.put("JAVA_HOME", home);
        Result result = run("view");
        assertEquals(2, result.code(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        for (String part : parts) {
            assertTrue(result.err().contains(part), result.err());
        }
        assertEquals(List.of(), calls());
    }

    @Test
    void javaHomesThatDoNotDo() throws Exception {
        refused(java("jdk 11", "11.0.2", true).toString(), "is Java 11", "17 or newer");
        refused(java("jdk 8", "1.8.0_392", true).toString(), "is Java 1", "17 or newer");
        refused(folder.resolve("none").toString(), "holds no bin/java");
        refused(java("jre 21", "21.0.1", false).toString(), "has no compiler", "not a JRE");
    }

    @Test
    void aRuntimeIsEnoughWhenNothingIsToBeBuilt() throws Exception {
        assertEquals(0, run("view").code());
        environment.put("JAVA_HOME", java("jre 17", "17.0.1", false).toString());
        Result result = run("view");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("<view>"), result.out());
    }

    @Test
    void newerJavaGetsNativeAccessAndItsOwnJar() throws Exception {
        assertFalse(run("view").out().contains("native-access"));
        environment.put("JAVA_HOME", java("jdk 25", "25.0.3", true).toString());
        Result result = run("view");
        assertTrue(result.out().contains("<--enable-native-access=ALL-UNNAMED>"), result.out());
        assertTrue(result.out().contains("-22.jar>"), result.out());
        assertEquals(2, calls().size());
        environment.put("JAVA_HOME", java("jdk 17 again", "17.0.9", true).toString());
        assertEquals(0, run("view").code());
        assertEquals(2, calls().size());
    }

    @Test
    void signalChainingKeepsWhatIsPreloaded() throws Exception {
        Path real = Path.of(System.getProperty("java.home"), "lib", "libjsig.so");
        if (!Files.exists(real)) {
            assertTrue(run("view").out().contains("preload \n"));
            return;
        }
        Path home = java("jdk", "17.0.9", true);
        Path chain = Files.copy(real, Files.createDirectory(home.resolve("lib")).resolve("libjsig.so"));
        environment.put("JAVA_HOME", home.toString());
        assertTrue(run("view").out().contains("preload " + chain + "\n"));
        environment.put("LD_PRELOAD", real.toString());
        assertTrue(run("view").out().contains("preload " + real + ":" + chain + "\n"));
    }

    @Test
    void withoutMavenOneLineSaysWhatToRun() throws Exception {
        fewTools(false);
        Result result = run("view");
        assertEquals(2, result.code());
        assertEquals(
                "clave: no Maven; install what Debian calls: maven",
                result.err().strip());
    }

    @Test
    void withoutADriverOneLineAndTheCpu() throws Exception {
        assertEquals(0, run("view").code());
        fewTools(true);
        Path none = Files.createDirectory(folder.resolve("no drivers"));
        environment.put("OCL_ICD_VENDORS", none.toString());
        Result train = run("train");
        assertEquals(0, train.code(), train.err());
        if (System.getProperty("os.name").equals("Linux")) {
            assertTrue(train.err().contains("no OpenCL driver in " + none), train.err());
        }
        assertEquals("", run("train", "--device", "cpu").err());
        assertEquals("", run("view").err());
        Files.writeString(none.resolve("a.icd"), "libsome.so");
        assertFalse(run("train").err().contains("driver"));
    }
}
