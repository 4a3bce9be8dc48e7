package dev.clave.internal.jar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar as other programs use it. */
class PackagedJarIT {
    private static final String PROGRAM = TrainingProgram.class.getName();
    private static final String HALF = String.valueOf(TrainingProgram.DIVISIONS / 2);

    @TempDir
    private Path folder;

    private static ChildJvm plain() {
        return new ChildJvm().nativeAccess().classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString());
    }

    private static ChildJvm withJocl() {
        return new ChildJvm().nativeAccess().classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString(), ChildJvm.jocl());
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void runnableJarTrains() throws Exception {
        ChildJvm.needsOpenCl();
        String binding = ChildJvm.FEATURE >= 22 ? "ffm" : "jocl";
        new ChildJvm()
                .run("-jar", ChildJvm.ALL_JAR.toString(), "train", "--data", "digits", "--epochs", "1")
                .succeeds()
                .says("binding " + binding)
                .says("Eval samples: 2000");
        try (JarFile jar = new JarFile(ChildJvm.ALL_JAR.toFile())) {
            assertTrue(jar.stream().noneMatch(entry -> entry.getName().contains("jocl/")), "JOCL lies beside the jar");
        }
        new ChildJvm()
                .run("-jar", ChildJvm.ALL_JAR.toString(), "devices", "--binding", "jocl")
                .succeeds()
                .says("binding jocl (org.jocl), as asked for");
    }

    /** Alone in a directory, without JOCL beside it. */
    @Test
    void runnableJarAloneTrainsOverFfmOrNamesWhatIsMissing() throws Exception {
        ChildJvm.needsOpenCl();
        Path alone = Files.copy(ChildJvm.ALL_JAR, folder.resolve("clave.jar"));
        Path log = folder.resolve("alone.log");
        ChildJvm.Result result = new ChildJvm()
                .flags("-Xlog:class+load:file=" + log)
                .run("-jar", alone.toString(), "train", "--data", "digits", "--epochs", "1")
                .succeeds()
                .says("Eval samples: 2000");
        String loaded = Files.readString(log);
        assertTrue(loaded.contains("dev.clave.nn.Model"), "the log holds the classes loaded");
        assertFalse(loaded.contains("org.jocl"), "a class of JOCL was loaded");
        if (ChildJvm.FEATURE >= 22) {
            result.says("binding ffm");
            assertTrue(loaded.contains("dev.clave.internal.opencl.FfmOpenCl"), "the other binding serves");
        } else {
            result.says("org.jocl:jocl is not on the class path");
        }
    }

    /** JOCL lies on the class path, and still none of its classes is loaded. */
    @Test
    void ffmTouchesNoClassOfJocl() throws Exception {
        ChildJvm.needsFfm();
        Path log = folder.resolve("classes.log");
        withJocl()
                .flags("-Xlog:class+load:file=" + log)
                .run(PROGRAM, "auto", "2", file("w"))
                .succeeds()
                .says("used ffm")
                .says("binding ffm (libOpenCL");
        String loaded = Files.readString(log);
        assertTrue(loaded.contains("dev.clave.internal.opencl.FfmOpenCl"), "the log holds the classes loaded");
        assertFalse(loaded.contains("org.jocl"), "a class of JOCL was loaded");
        assertFalse(loaded.contains("JoclOpenCl"), "the JOCL binding was loaded");
    }

    /** No library is preloaded here, and PoCL's SIGFPE handler must not stay. */
    @Test
    void divisionByZeroThrowsOverFfm() throws Exception {
        ChildJvm.needsFfm();
        ChildJvm.Result result = plain().run(PROGRAM, "ffm", "5", file("w"))
                .succeeds()
                .says("thrown after opening " + HALF)
                .says("thrown after training " + HALF);
        assertFalse(result.output().contains("LD_PRELOAD"), result.output());
    }

    /** Devices opened and programs compiled in turn: the compiler takes the faults over too, and gives them back when it likes. */
    @Test
    void faultsStayTheJvmsWhileProgramsAreCompiled() throws Exception {
        ChildJvm.needsFfm();
        Path cache = Files.createDirectory(folder.resolve("pocl"));
        plain().environment("POCL_CACHE_DIR", cache.toString())
                .run(DivisionsProgram.class.getName(), "ffm")
                .succeeds()
                .says("lost 0, nulls true");
    }

    /** JOCL leaves the handler as it is: whoever loses divisions is told the cure, and nobody else. */
    @Test
    void lostDivisionsAreReportedOverJocl() throws Exception {
        ChildJvm.needsOpenCl();
        ChildJvm.Result result = withJocl().run(PROGRAM, "jocl", "1", file("w")).succeeds();
        boolean intact = result.output().contains("thrown after opening " + HALF);
        assertNotEquals(intact, result.output().contains("LD_PRELOAD=$JAVA_HOME/lib/libjsig.so"), result.output());
    }

    /** 50 steps from one seed: the same bytes through both bindings and with one or two threads of PoCL. */
    @Test
    void bindingsTrainToTheSameBits() throws Exception {
        ChildJvm.needsFfm();
        byte[] first = null;
        for (String threads : new String[] {"1", "2"}) {
            for (String binding : new String[] {"ffm", "jocl"}) {
                Path weights = folder.resolve(binding + threads);
                withJocl()
                        .environment("POCL_MAX_PTHREAD_COUNT", threads)
                        .run(PROGRAM, binding, "50", weights.toString())
                        .succeeds()
                        .says("used " + binding);
                byte[] bytes = Files.readAllBytes(weights);
                assertTrue(bytes.length > 61_610 * 4, "the file holds the weights");
                first = first == null ? bytes : first;
                assertArrayEquals(first, bytes, binding + " with " + threads + " threads");
            }
        }
    }

    @Test
    void forcedBindingThatIsMissingNamesTheCure() throws Exception {
        refused(
                plain(),
                "jocl",
                "binding jocl was asked for and cannot be had: org.jocl:jocl is not on the class path");
        if (ChildJvm.FEATURE < 22) {
            refused(plain(), "ffm", "binding ffm was asked for and cannot be had: needs JDK 22 or newer, this is");
            return;
        }
        refused(
                plain().flags("-Dclave.opencl.library=/no/such/library"),
                "ffm",
                "cannot be loaded (tried /no/such/library); -Dclave.opencl.library must name a library");
        refused(plain(), "cuda", "unknown binding 'cuda'; there are: auto, jocl, ffm");
    }

    private void refused(ChildJvm jvm, String binding, String message) throws IOException, InterruptedException {
        assertEquals(1, jvm.run(PROGRAM, binding, "1", file("w")).says(message).code());
    }

    @Test
    void joclServesWhereFfmCannot() throws Exception {
        ChildJvm.needsOpenCl();
        withJocl()
                .flags("-Dclave.opencl.library=/no/such/library")
                .run(PROGRAM, "auto", "1", file("w"))
                .succeeds()
                .says("used jocl")
                .says("binding jocl (org.jocl); skipped ffm: "
                        + (ChildJvm.FEATURE < 22 ? "needs JDK 22" : "the OpenCL library cannot be loaded"));
    }

    @Test
    void withoutAnyBindingEveryReasonIsNamed() throws Exception {
        ChildJvm nothing = plain().flags("-Dclave.opencl.library=/no/such/library");
        refused(nothing, "auto", "no OpenCL device: no binding; skipped ffm: ");
        refused(nothing, "auto", "; jocl: org.jocl:jocl is not on the class path");
    }

    @Test
    void missingFlagIsNamed() throws Exception {
        ChildJvm.needsFfm();
        new ChildJvm()
                .classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString())
                .run(PROGRAM, "auto", "1", file("w"))
                .succeeds()
                .says("; the JVM may warn, start it with --enable-native-access=ALL-UNNAMED)");
    }

    @Test
    void deniedNativeAccessNamesTheFlag() throws Exception {
        if (ChildJvm.FEATURE < 24) {
            System.out.println("skipped: only JDK 24 and newer can deny native access");
        }
        Assumptions.assumeTrue(ChildJvm.FEATURE >= 24, "needs JDK 24");
        ChildJvm denied = new ChildJvm()
                .classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString(), ChildJvm.jocl())
                .flags("--illegal-native-access=deny");
        refused(denied, "ffm", "native access is denied, start Java with --enable-native-access=ALL-UNNAMED");
        refused(denied, "jocl", "native access is denied, start Java with --enable-native-access=ALL-UNNAMED");
        refused(denied, "auto", "no OpenCL device: ");
    }

    /** On the module path the jar is the automatic module dev.clave. */
    @Test
    void worksAsAnAutomaticModule() throws Exception {
        ChildJvm.needsFfm();
        new ChildJvm()
                .flags("--module-path", ChildJvm.JAR.toString(), "--add-modules", "dev.clave")
                .flags("--enable-native-access=dev.clave", "--illegal-native-access=deny")
                .classPath(ChildJvm.TEST_CLASSES)
                .run(PROGRAM, "auto", "2", file("w"))
                .succeeds()
                .says("used ffm from dev.clave");
        new ChildJvm()
                .flags("--module-path", ChildJvm.JAR + File.pathSeparator + ChildJvm.jocl())
                .flags("--add-modules", "dev.clave,jocl", "--enable-native-access=jocl")
                .classPath(ChildJvm.TEST_CLASSES)
                .run(PROGRAM, "jocl", "2", file("w2"))
                .succeeds()
                .says("used jocl from dev.clave");
        assertArrayEquals(Files.readAllBytes(folder.resolve("w")), Files.readAllBytes(folder.resolve("w2")));
    }
}
