package dev.clave.internal.jar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What takes minutes; with {@code -Dclave.slow.tests=true} only. */
class SlowIT {
    private static final int JVMS = 18;
    private static final int STEPS = 10_000;

    @TempDir
    private Path folder;

    static List<String> bindings() {
        return FaultsIT.bindings();
    }

    @BeforeEach
    void wanted() {
        boolean on = Boolean.getBoolean("clave.slow.tests");
        if (!on) {
            System.out.println("skipped: slow tests run with -Dclave.slow.tests=true");
        }
        Assumptions.assumeTrue(on, "slow");
        ChildJvm.needsOpenCl();
    }

    /**
     * Nothing is cached, and the temporary directory that JOCL extracts its library to is empty. Half share PoCL's cache, as
     * users do; half share Clave's, each with a PoCL cache of its own: handing out a program, PoCL 3.1 lists its directory,
     * and a file that another process renames between the listing and the look at it is taken for a directory, which ends
     * the process (recursively_serialize_path of its pocl_binary.c does not ask whether stat and opendir worked).
     */
    @ParameterizedTest
    @MethodSource("bindings")
    void eighteenColdStartsAtOnce(String binding) throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        ExecutorService pool = Executors.newFixedThreadPool(JVMS);
        try {
            List<Future<ChildJvm.Result>> results = new ArrayList<>();
            for (int i = 0; i < JVMS; i++) {
                boolean keeps = i % 2 == 0;
                Path pocl = folder.resolve(keeps ? "pocl" + i : "pocl");
                results.add(pool.submit(() -> new ChildJvm()
                        .environment("XDG_CACHE_HOME", folder.resolve("cache").toString())
                        .environment("POCL_CACHE_DIR", pocl.toString())
                        .flags("-Xmx256m", "-Dclave.cache=" + (keeps ? "on" : "auto"))
                        .flags("-Djava.io.tmpdir=" + temporary)
                        .flags("-jar", ChildJvm.ALL_JAR.toString())
                        .run("doctor", "--binding", binding)));
            }
            int well = 0;
            StringBuilder others = new StringBuilder();
            for (Future<ChildJvm.Result> result : results) {
                boolean computes = result.get().output().contains(" computes");
                well += computes ? 1 : 0;
                if (!computes) {
                    others.append(result.get().output());
                }
            }
            System.out.println(binding + ": " + well + " of " + JVMS + " cold starts work");
            assertEquals(JVMS, well, others.toString());
        } finally {
            pool.shutdown();
        }
    }

    private record Look(int step, double heapBytes, long ledger, long resident) {
        static Look of(String line) {
            String[] words = line.split(" ");
            return new Look(
                    Integer.parseInt(words[1]),
                    Double.parseDouble(words[3]),
                    Long.parseLong(words[5]),
                    Long.parseLong(words[7]));
        }
    }

    /** The heap is committed from the start, so what grows is native. */
    @ParameterizedTest
    @MethodSource("bindings")
    void memoryIsFlatOverTenThousandSteps(String binding) throws Exception {
        ChildJvm.Result result = new ChildJvm()
                .nativeAccess()
                .classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString(), ChildJvm.jocl())
                .flags("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch")
                .run(LongTrainingProgram.class.getName(), "opencl", binding, String.valueOf(STEPS), "500", "64000")
                .succeeds();
        System.out.println(binding + ":\n" + result.output());
        List<Look> looks = result.output()
                .lines()
                .filter(line -> line.startsWith("at "))
                .map(Look::of)
                .filter(look -> look.step() >= 2000)
                .toList();
        assertTrue(looks.size() > 10, result.output());
        for (Look look : looks) {
            assertEquals(looks.get(0).ledger(), look.ledger(), "ledger at step " + look.step());
            assertTrue(
                    look.resident() <= looks.get(0).resident() * 1.02,
                    "resident at step " + look.step() + "\n" + result.output());
        }
        // Compilers of the virtual machine work until then: what a method links at its first run counts for the thread
        // too.
        double heap = looks.stream()
                .filter(look -> look.step() > 3000)
                .mapToDouble(Look::heapBytes)
                .average()
                .orElseThrow();
        assertTrue(heap <= 16, heap + " heap bytes a step\n" + result.output());
    }
}
