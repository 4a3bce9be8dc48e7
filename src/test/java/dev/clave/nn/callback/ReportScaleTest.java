package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class ReportScaleTest {
    private static void marks(ReportScale scale, double... expected) {
        List<Double> ticks = scale.ticks();
        assertEquals(expected.length, ticks.size(), ticks.toString());
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], ticks.get(i), 1e-9 * expected[i]);
        }
    }

    /** The double near a guess that a function takes to a value exactly. */
    private static double exact(double guess, double value, DoubleUnaryOperator function) {
        double found = guess * (1 - 1e-15);
        while (function.applyAsDouble(found) < value) {
            found = Math.nextUp(found);
        }
        assertEquals(value, function.applyAsDouble(found));
        return found;
    }

    /** Up to three decades have marks at 1, 2 and 5, more have powers of ten, many every second or third of them. */
    @Test
    void logarithmicMarks() {
        marks(ReportScale.log(1, 1000), 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000);
        marks(ReportScale.log(1, 1100), 1, 10, 100, 1000);
        marks(ReportScale.log(1, 1e8), 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8);
        marks(ReportScale.log(1, 1e9), 1, 100, 1e4, 1e6, 1e8);
        marks(ReportScale.log(0.02, 0.3), 0.02, 0.05, 0.1, 0.2);
    }

    /** A mark a thousandth beyond an end is still there. */
    @Test
    void marksAtTheEnds() {
        double low = exact(1 / 0.999, 1, value -> value * 0.999);
        marks(ReportScale.log(low, 4), 1, 2);
        marks(ReportScale.log(Math.nextUp(Math.nextUp(low)), 4), 2);
        double high = exact(5 / 1.001, 5, value -> value * 1.001);
        marks(ReportScale.log(2, high), 2, 5);
        marks(ReportScale.log(2, Math.nextDown(Math.nextDown(high))), 2);
    }

    @Test
    void stepsAreRound() {
        assertEquals(1, ReportScale.step(0.9));
        assertEquals(2, ReportScale.step(1.1));
        assertEquals(2, ReportScale.step(exact(2 / (1 - 1e-9), 2, value -> value * (1 - 1e-9))));
        assertEquals(5, ReportScale.step(2.1));
        assertEquals(10, ReportScale.step(5.1));
        marks(ReportScale.linear(1, 6), 1, 2, 3, 4, 5, 6);
        marks(ReportScale.whole(4, 6), 4, 5, 6);
        marks(ReportScale.whole(50, 55), 50, 51, 52, 53, 54, 55);
        marks(ReportScale.whole(0, 60), 0, 10, 20, 30, 40, 50, 60);
    }

    @Test
    void labelsAreShort() {
        ReportScale scale = ReportScale.linear(0, 1);
        double[] ticks = {0, 0.5, 20, 999_999, 1e6, 2e7, 0.001, 0.99e-3, 5e-4, 1e-12, -0.25};
        String[] labels = {"0", "0.5", "20", "999999", "1e6", "2e7", "0.001", "0.00099", "5e-4", "1e-12", "-0.25"};
        for (int i = 0; i < ticks.length; i++) {
            assertEquals(labels[i], scale.label(ticks[i]));
        }
        assertTrue(scale.share(-1) == 0 && scale.share(2) == 1 && scale.share(0.25) == 0.25);
    }
}
