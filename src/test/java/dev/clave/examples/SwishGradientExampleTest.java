package dev.clave.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.clave.Device;
import dev.clave.check.junit.GradientChecked;
import dev.clave.check.junit.Gradients;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The example as JUnit runs it: what is right passes on every device, the planted bug is caught and shown. */
class SwishGradientExampleTest {
    /** What came of each run of a method. */
    private record Outcome(String name, TestExecutionResult result) {
        boolean passed() {
            return result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
        }

        String message() {
            return result.getThrowable().map(String::valueOf).orElse("");
        }
    }

    private record Run(List<Outcome> outcomes, String output) {}

    private static Run run(Class<?> type, String method) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(type, method, Gradients.class))
                // Not the extensions of this suite, which runs around it.
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "false")
                .build();
        List<Outcome> outcomes = new ArrayList<>();
        Launcher launcher = LauncherFactory.create();
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            launcher.execute(request, new TestExecutionListener() {
                @Override
                public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                    if (test.isTest() || result.getStatus() == TestExecutionResult.Status.FAILED) {
                        outcomes.add(new Outcome(test.getDisplayName(), result));
                    }
                }
            });
        } finally {
            System.setOut(out);
        }
        return new Run(outcomes, printed.toString(StandardCharsets.UTF_8));
    }

    private static int devices() {
        return 1 + Device.list().size();
    }

    @Test
    void rightGradientsPassOnEveryDevice() {
        for (String method : new String[] {"swish", "convolution"}) {
            List<Outcome> outcomes = run(SwishGradientExample.class, method).outcomes();
            assertEquals(devices(), outcomes.size(), () -> "one run for each device: " + outcomes);
            outcomes.forEach(outcome -> assertTrue(outcome.passed(), outcome.name() + ": " + outcome.message()));
            assertEquals("on Java CPU", outcomes.get(0).name());
        }
    }

    @Test
    void thePlantedBugIsCaughtAndShown() {
        Run run = run(SwishGradientExample.class, "plantedBug");
        assertEquals(1, run.outcomes().size(), () -> run + "the CPU alone, as the annotation says");
        Outcome outcome = run.outcomes().get(0);
        assertFalse(outcome.passed(), "a wrong gradient must not pass");
        assertTrue(outcome.message().contains("on Java CPU: gradient check failed: "), outcome.message());
        List<String> shown =
                run.output().lines().filter(line -> line.endsWith(": FAILED")).toList();
        assertEquals(5, shown.size(), "every element of x, the factor is missing in all: " + run.output());
        assertTrue(shown.stream().allMatch(line -> line.strip().startsWith("x[")), run.output());
        assertFalse(run.output().contains("beta["), "the gradient of beta is right: " + run.output());
    }

    /** Wrong uses, run by this test only. */
    static class Wrong {
        @GradientChecked(devices = "cpu")
        void checksNothing(Gradients gradients) {
            gradients.device();
        }

        @GradientChecked(devices = "no such device")
        void namesNoDevice(Gradients gradients) {
            gradients.check(new SwishGradientExample.Swish(), new double[] {1}, new double[] {1});
        }
    }

    @Test
    void checkingNothingFails() {
        Outcome outcome = run(Wrong.class, "checksNothing").outcomes().get(0);
        assertTrue(outcome.message().contains("no gradient was checked"), outcome.message());
    }

    @Test
    void aDeviceThatIsNotThereFails() {
        Run run = run(Wrong.class, "namesNoDevice");
        assertEquals(1, run.outcomes().size());
        assertFalse(run.outcomes().get(0).passed());
        assertTrue(
                run.outcomes().get(0).message().contains("unknown device 'no such device'"),
                run.outcomes().get(0).message());
    }
}
