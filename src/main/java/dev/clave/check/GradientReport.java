package dev.clave.check;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a {@link GradientCheck} found, element by element.
 *
 * @param elements every derivative looked at, in order of inputs
 * @param maxSkipped largest share of skipped elements that still passes
 */
public record GradientReport(List<Element> elements, double maxSkipped) {
    private static final int SHOWN = 10;

    /** What was found about one derivative. */
    public enum Verdict {
        /** Within the tolerance. */
        PASSED,
        /** Outside the tolerance, or not a number. */
        FAILED,
        /** A kink lies between x - eps and x + eps. */
        SKIPPED
    }

    /**
     * One derivative.
     *
     * @param input which input, counted from 0; -1 for a direction through all inputs
     * @param name what the input is called
     * @param index element of the input, or number of the direction
     * @param expected by central differences
     * @param got by the gradient under test
     * @param error |expected - got|
     * @param allowed largest error that passes: atol + rtol * |expected|
     * @param verdict what was found
     */
    public record Element(
            int input,
            String name,
            int index,
            double expected,
            double got,
            double error,
            double allowed,
            Verdict verdict) {
        private double badness() {
            return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error / allowed;
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%s[%d]: expected %.9g, got %.9g, error %.3g, allowed %.3g: %s",
                    name,
                    index,
                    expected,
                    got,
                    error,
                    allowed,
                    verdict);
        }
    }

    /** Copies the list. */
    public GradientReport {
        elements = List.copyOf(elements);
    }

    /**
     * {@return how many elements have the verdict}
     *
     * @param verdict what was found
     */
    public int count(Verdict verdict) {
        return (int) elements.stream().filter(e -> e.verdict() == verdict).count();
    }

    /** {@return the element that is furthest beyond its tolerance or nearest to it; skipped ones do not count} */
    public Optional<Element> worst() {
        return elements.stream()
                .filter(e -> e.verdict() != Verdict.SKIPPED)
                .max(Comparator.comparingDouble(Element::badness));
    }

    /** {@return whether elements were checked, none failed, and no more were skipped than allowed} */
    public boolean passed() {
        int skipped = count(Verdict.SKIPPED);
        return count(Verdict.FAILED) == 0 && skipped < elements.size() && skipped <= maxSkipped * elements.size();
    }

    /**
     * Nothing when the check passed.
     *
     * @throws AssertionError when it did not; the message has counts and the worst elements
     */
    public void assertPassed() {
        if (!passed()) {
            throw new AssertionError(toString());
        }
    }

    /** Counts in one line, then the worst failures, one line each. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("gradient check ").append(passed() ? "passed: " : "failed: ");
        int skipped = count(Verdict.SKIPPED);
        text.append(count(Verdict.PASSED)).append(" passed, ");
        text.append(count(Verdict.FAILED)).append(" failed, ");
        text.append(skipped).append(" skipped at kinks");
        if (skipped == elements.size()) {
            text.append("; nothing was checked");
        } else if (skipped > maxSkipped * elements.size()) {
            text.append(String.format(
                    Locale.ROOT, "; at most %.1f %% may be skipped: move the inputs off the kinks", 100 * maxSkipped));
        }
        elements.stream()
                .filter(e -> e.verdict() == Verdict.FAILED)
                .sorted(Comparator.comparingDouble(Element::badness).reversed())
                .limit(SHOWN)
                .forEach(e -> text.append("\n  ").append(e));
        if (count(Verdict.FAILED) > SHOWN) {
            text.append("\n  and ").append(count(Verdict.FAILED) - SHOWN).append(" more");
        }
        if (passed()) {
            worst().ifPresent(e -> text.append("; worst ").append(e));
        }
        return text.toString();
    }
}
