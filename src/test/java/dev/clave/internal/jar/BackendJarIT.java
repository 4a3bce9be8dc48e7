package dev.clave.internal.jar;

import dev.clave.spi.BackendJar;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another library's jar beside ours: on the class path, on the module path and beside the runnable form. */
class BackendJarIT {
    private static final String PROGRAM = BackendProgram.class.getName();
    private static final String RESULT = "[5421.0, 6532.0, 8754.0, 9865.0]";

    @TempDir
    private Path folder;

    private Path theirs;
    private Path program;

    /** Of the test's classes the program alone: the backend is in its jar and nowhere else. */
    @BeforeEach
    void pack() throws Exception {
        theirs = BackendJar.write(folder.resolve("plain-backend.jar"), "com/example/plain", List.of(BackendJar.PLAIN));
        String file = PROGRAM.replace('.', '/') + ".class";
        program = folder.resolve("program");
        Files.createDirectories(program.resolve(file).getParent());
        Files.copy(Path.of(ChildJvm.TEST_CLASSES, file), program.resolve(file));
    }

    private static void computes(ChildJvm.Result result, String module) {
        result.succeeds()
                .says("found opencl 100 dev.clave.op.OpenClBackend")
                .says("found plain 50 " + BackendJar.PLAIN)
                .says("found cpu 0 dev.clave.op.CpuBackend")
                .says("plain: dense of " + module + " says " + RESULT)
                .says("plain:1: dense of " + module + " says " + RESULT)
                .says("cpu: fast of ")
                .says(" says " + RESULT);
    }

    @Test
    void onTheClassPath() throws Exception {
        ChildJvm jvm = new ChildJvm()
                .nativeAccess()
                .classPath(program.toString(), ChildJvm.JAR.toString(), theirs.toString(), ChildJvm.jocl());
        computes(jvm.run(PROGRAM, "plain", "plain:1", "cpu"), "null");
    }

    @Test
    void onTheModulePath() throws Exception {
        ChildJvm jvm = new ChildJvm()
                .flags("--module-path", ChildJvm.JAR + File.pathSeparator + theirs, "--add-modules", "dev.clave")
                .classPath(program.toString());
        if (ChildJvm.FEATURE >= 22) {
            jvm.flags("--enable-native-access=dev.clave");
        }
        computes(jvm.run(PROGRAM, "plain", "plain:1", "cpu"), "plain.backend");
    }

    @Test
    void besideTheRunnableForm() throws Exception {
        ChildJvm.Result result = new ChildJvm()
                .nativeAccess()
                .classPath(ChildJvm.ALL_JAR.toString(), theirs.toString())
                .run("dev.clave.cli.Main", "devices");
        result.succeeds().says("backend plain (" + BackendJar.PLAIN + "), priority 50, devices 2");
        new ChildJvm()
                .nativeAccess()
                .classPath(program.toString(), ChildJvm.ALL_JAR.toString(), theirs.toString())
                .run(PROGRAM, "plain")
                .succeeds()
                .says("plain: dense of null says " + RESULT);
    }
}
