package dev.clave.check.junit;

import dev.clave.Device;
import dev.clave.check.Differentiable;
import dev.clave.check.GradientCheck;
import dev.clave.check.GradientReport;
import dev.clave.check.GradientReport.Verdict;
import dev.clave.check.OperatorCheck;
import dev.clave.op.Geometry;
import java.util.List;
import java.util.function.UnaryOperator;

/** What a {@link GradientChecked} method checks with: a device, and checks that fail the test. */
public final class Gradients {
    private final Device device;
    private int checks;

    Gradients(Device device) {
        this.device = device;
    }

    /** {@return the device of this run of the test} */
    public Device device() {
        return device;
    }

    /** {@return whether operators of the library can be checked here: gradients need double precision} */
    public boolean hasDouble() {
        return device.info().fp64();
    }

    int checks() {
        return checks;
    }

    /**
     * {@link #check(Differentiable, List)} for a few inputs.
     *
     * @param function what is checked
     * @param inputs one array for each input of the function
     * @return what was found, element by element
     */
    public GradientReport check(Differentiable function, double[]... inputs) {
        return check(function, List.of(inputs));
    }

    /**
     * Checks every coordinate of a function at the inputs.
     *
     * @param function what is checked
     * @param inputs one array for each input of the function
     * @return what was found
     * @throws AssertionError when the gradient is wrong, was not checked, or lies at too many kinks
     */
    public GradientReport check(Differentiable function, List<double[]> inputs) {
        return check(GradientCheck.of(function), inputs);
    }

    /**
     * {@return the same with settings of one's own, such as another step or a sample of the coordinates}
     *
     * @param check function and settings
     * @param inputs one array for each input of the function
     */
    public GradientReport check(GradientCheck check, List<double[]> inputs) {
        checks++;
        GradientReport report = check.check(inputs);
        if (!report.passed()) {
            System.out.println("on " + device.name() + ", every element that is wrong:");
            report.elements().stream()
                    .filter(element -> element.verdict() == Verdict.FAILED)
                    .forEach(element -> System.out.println("  " + element));
            throw new AssertionError("on " + device.name() + ": " + report);
        }
        return report;
    }

    /**
     * Checks an operator of the library on the device at random inputs, every coordinate.
     *
     * @param geometry operator and sizes
     * @return what was found, element by element
     * @throws IllegalArgumentException when the device has no fp64, see {@link #hasDouble}, or the operator no gradient
     */
    public GradientReport check(Geometry geometry) {
        return check(geometry, check -> check);
    }

    /**
     * {@return the same with settings, for example {@code check -> check.sampled(20)}}
     *
     * @param geometry operator and sizes
     * @param settings changes the check
     */
    public GradientReport check(Geometry geometry, UnaryOperator<GradientCheck> settings) {
        try (OperatorCheck operator = OperatorCheck.of(device, geometry)) {
            return check(settings.apply(GradientCheck.of(operator)), operator.randomInputs(1));
        }
    }
}
