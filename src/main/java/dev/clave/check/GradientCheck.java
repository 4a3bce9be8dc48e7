package dev.clave.check;

import dev.clave.check.GradientReport.Element;
import dev.clave.check.GradientReport.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Compares a claimed gradient with central differences {@code (f(x + eps) - f(x - eps)) / (2 eps)} of {@code f(x) = sum of
 * output * gradOutput}, gradOutput drawn at random. Settings return a changed copy; a check always does the same for the
 * same settings.
 *
 * <pre>{@code
 * GradientCheck.of(function).check(inputs).assertPassed();
 * }</pre>
 *
 * <p>An output that is the same at both ends, an infinite one included, counts as constant. Every coordinate costs two
 * forward passes; {@link #sampled} and {@link #directions} serve large inputs.
 */
public final class GradientCheck {
    private enum Mode {
        EVERY,
        SAMPLED,
        DIRECTIONS
    }

    private record Settings(Mode mode, int count, double eps, double atol, double rtol, double maxSkipped, long seed) {}

    private final Differentiable function;
    private final Settings settings;

    private GradientCheck(Differentiable function, Settings settings) {
        this.function = function;
        this.settings = settings;
    }

    /**
     * {@return every coordinate, eps 1e-6, atol 1e-5, rtol 1e-3, at most 1 % skipped, seed 1}
     *
     * @param function what is checked
     */
    public static GradientCheck of(Differentiable function) {
        return new GradientCheck(function, new Settings(Mode.EVERY, 0, 1e-6, 1e-5, 1e-3, 0.01, 1));
    }

    /**
     * {@return the check with another step, above 0} Around 1e-6 rounding and curvature both stay small in double.
     *
     * @param eps the step
     */
    public GradientCheck eps(double eps) {
        positive("eps", eps);
        Settings s = settings;
        return with(new Settings(s.mode, s.count, eps, s.atol, s.rtol, s.maxSkipped, s.seed));
    }

    /**
     * {@return the check with other tolerances, above 0: an error up to {@code atol + rtol * |expected|} passes}
     *
     * @param atol largest error of a derivative that is 0
     * @param rtol part of the size of the derivative
     */
    public GradientCheck tolerance(double atol, double rtol) {
        positive("atol", atol);
        positive("rtol", rtol);
        Settings s = settings;
        return with(new Settings(s.mode, s.count, s.eps, atol, rtol, s.maxSkipped, s.seed));
    }

    /**
     * Another share of elements that may be skipped at kinks, in [0, 1).
     *
     * @param share the part, [0, 1)
     * @return the changed check
     */
    public GradientCheck maxSkipped(double share) {
        if (!(share >= 0 && share < 1)) {
            throw new IllegalArgumentException("gradient check: maxSkipped lies in [0, 1), got " + share);
        }
        Settings s = settings;
        return with(new Settings(s.mode, s.count, s.eps, s.atol, s.rtol, share, s.seed));
    }

    /**
     * {@return the check with another seed of gradOutput, samples and directions}
     *
     * @param seed decides what is drawn; the same seed draws the same
     */
    public GradientCheck seed(long seed) {
        Settings s = settings;
        return with(new Settings(s.mode, s.count, s.eps, s.atol, s.rtol, s.maxSkipped, seed));
    }

    /**
     * At most {@code perInput} coordinates of each input, drawn without repetition.
     *
     * @param perInput number of coordinates, at least 1
     * @return the changed check
     */
    public GradientCheck sampled(int perInput) {
        return mode(Mode.SAMPLED, perInput);
    }

    /**
     * {@return the check of derivatives along {@code probes} random directions with entries -1 and 1 through all inputs at once: two
     * forward passes each, whatever the size} A single wrong element shows in every probe, but is not named.
     *
     * @param probes number of directions, at least 1
     */
    public GradientCheck directions(int probes) {
        return mode(Mode.DIRECTIONS, probes);
    }

    private GradientCheck mode(Mode mode, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("gradient check: count is at least 1, got " + count);
        }
        Settings s = settings;
        return with(new Settings(mode, count, s.eps, s.atol, s.rtol, s.maxSkipped, s.seed));
    }

    private GradientCheck with(Settings changed) {
        return new GradientCheck(function, changed);
    }

    private static void positive(String what, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("gradient check: " + what + " is finite and above 0, got " + value);
        }
    }

    /**
     * {@link #check(List)} for a few inputs.
     *
     * @param inputs one array for each input of the function
     * @return what was found, element by element
     */
    public GradientReport check(double[]... inputs) {
        return check(List.of(inputs));
    }

    /**
     * Checks at the inputs.
     *
     * @param inputs one array for each input of the function
     * @return what was found, element by element
     * @throws IllegalArgumentException when the function returns gradients of the wrong number or length
     */
    public GradientReport check(List<double[]> inputs) {
        SplittableRandom random = new SplittableRandom(settings.seed);
        double[] gradOutput = new double[function.forward(inputs).length];
        for (int i = 0; i < gradOutput.length; i++) {
            gradOutput[i] = random.nextDouble(-1, 1);
        }
        List<double[]> gradients = function.backward(inputs, gradOutput);
        expectLengths(inputs, gradients);
        List<Element> elements = new ArrayList<>();
        if (settings.mode == Mode.DIRECTIONS) {
            for (int probe = 0; probe < settings.count; probe++) {
                elements.add(direction(inputs, gradients, gradOutput, probe, random));
            }
        } else {
            for (int input = 0; input < inputs.size(); input++) {
                for (int index : coordinates(inputs.get(input).length, random)) {
                    elements.add(coordinate(inputs, gradients, gradOutput, input, index));
                }
            }
        }
        return new GradientReport(elements, settings.maxSkipped);
    }

    private void expectLengths(List<double[]> inputs, List<double[]> gradients) {
        if (gradients.size() != inputs.size()) {
            throw new IllegalArgumentException("gradient check: " + inputs.size()
                    + " inputs need as many gradients, backward returned " + gradients.size());
        }
        for (int i = 0; i < inputs.size(); i++) {
            if (gradients.get(i).length != inputs.get(i).length) {
                throw new IllegalArgumentException("gradient check: " + function.inputName(i) + " has "
                        + inputs.get(i).length + " elements, its gradient " + gradients.get(i).length);
            }
        }
    }

    /** Indices to look at: all, or a sample by the first steps of a Fisher-Yates shuffle. */
    private int[] coordinates(int length, SplittableRandom random) {
        int[] all = new int[length];
        for (int i = 0; i < length; i++) {
            all[i] = i;
        }
        if (settings.mode == Mode.EVERY || length <= settings.count) {
            return all;
        }
        for (int i = 0; i < settings.count; i++) {
            int j = random.nextInt(i, length);
            int held = all[i];
            all[i] = all[j];
            all[j] = held;
        }
        int[] sample = Arrays.copyOf(all, settings.count);
        Arrays.sort(sample);
        return sample;
    }

    private Element coordinate(
            List<double[]> inputs, List<double[]> gradients, double[] gradOutput, int input, int index) {
        List<double[]> ahead = new ArrayList<>(inputs);
        ahead.set(input, inputs.get(input).clone());
        ahead.get(input)[index] += settings.eps;
        List<double[]> behind = new ArrayList<>(inputs);
        behind.set(input, inputs.get(input).clone());
        behind.get(input)[index] -= settings.eps;
        // What was really moved: x + eps rounds.
        double moved = ahead.get(input)[index] - behind.get(input)[index];
        double got = gradients.get(input)[index];
        return judge(ahead, behind, moved, gradOutput, input, function.inputName(input), index, got);
    }

    private Element direction(
            List<double[]> inputs, List<double[]> gradients, double[] gradOutput, int probe, SplittableRandom random) {
        List<double[]> ahead = new ArrayList<>();
        List<double[]> behind = new ArrayList<>();
        double got = 0;
        for (int input = 0; input < inputs.size(); input++) {
            double[] forwards = inputs.get(input).clone();
            double[] backwards = inputs.get(input).clone();
            for (int i = 0; i < forwards.length; i++) {
                double step = random.nextBoolean() ? settings.eps : -settings.eps;
                forwards[i] += step;
                backwards[i] -= step;
                got += Math.signum(step) * gradients.get(input)[i];
            }
            ahead.add(forwards);
            behind.add(backwards);
        }
        return judge(ahead, behind, 2 * settings.eps, gradOutput, -1, "direction", probe, got);
    }

    private Element judge(
            List<double[]> ahead,
            List<double[]> behind,
            double moved,
            double[] gradOutput,
            int input,
            String name,
            int index,
            double got) {
        double[] high = function.forward(ahead);
        double[] low = function.forward(behind);
        double expected = 0;
        for (int o = 0; o < high.length; o++) {
            if (high[o] != low[o]) {
                expected += gradOutput[o] * (high[o] - low[o]);
            }
        }
        expected /= moved;
        double error = Math.abs(expected - got);
        double allowed = settings.atol + settings.rtol * Math.abs(expected);
        boolean kink = !Arrays.equals(function.pattern(ahead), function.pattern(behind));
        Verdict verdict = kink ? Verdict.SKIPPED : error <= allowed ? Verdict.PASSED : Verdict.FAILED;
        return new Element(input, name, index, expected, got, error, allowed, verdict);
    }
}
