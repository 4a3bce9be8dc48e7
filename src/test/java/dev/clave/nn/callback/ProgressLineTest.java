package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private final StringWriter text = new StringWriter();
    private final AtomicLong nanos = new AtomicLong(17);

    private static Map<String, Double> values(double loss, double accuracy) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("loss", loss);
        values.put("acc", accuracy);
        return values;
    }

    private ProgressLine line(boolean terminal, int columns, int steps) {
        return new ProgressLine(new PrintWriter(text), new Terminal(terminal, columns), nanos::get, steps);
    }

    @Test
    void theLineOfTheOriginal() {
        ProgressLine line = line(true, 200, 938);
        nanos.addAndGet(469 * 13_000_000L);
        line.step(469, () -> values(0.28714, 0.91408));
        assertEquals(
                "\rstep 469/938 [==============>...............] - loss: 0.2871 - acc: 0.9141 - ETA: 6s - 13ms/step",
                text.toString());
    }

    @Test
    void theLastLineHasNoEta() {
        ProgressLine line = line(false, 80, 157);
        line.finish(values(0.05, 0.98), 0.0085);
        assertEquals(
                "step 157/157 [==============================] - loss: 0.0500 - acc: 0.9800 - 9ms/step\n",
                text.toString().replace(System.lineSeparator(), "\n"));
    }

    @Test
    void smallValuesAreScientific() {
        assertEquals("1.0000e-03", ProgressLine.value(0.001));
        assertEquals("0.0011", ProgressLine.value(0.0011));
        assertEquals("-2.5000e-05", ProgressLine.value(-2.5e-5));
        assertEquals("0.0000e+00", ProgressLine.value(0));
        assertEquals("NaN", ProgressLine.value(Double.NaN));
    }

    @Test
    void ratesAndTimesChooseTheirUnit() {
        ProgressLine line = line(true, 200, 1000);
        nanos.addAndGet(2_000_000_000L);
        line.step(1, Map::of);
        assertEquals("\rstep    1/1000 [..............................] - ETA: 33:18 - 2s/step", text.toString());
        text.getBuffer().setLength(0);
        line.finish(values(1, 1), 0.00065);
        assertTrue(text.toString().contains("- acc: 1.0000 - 650us/step"), text.toString());
        assertFalse(text.toString().contains("ETA"));
        text.getBuffer().setLength(0);
        ProgressLine slow = line(true, 200, 5000);
        nanos.addAndGet(2_000_000_000L);
        slow.step(1, Map::of);
        assertTrue(text.toString().contains("ETA: 2:46:38 "), text.toString());
    }

    @Test
    void aTerminalIsRedrawnTenTimesASecondAndNoShorterLineLeavesARest() {
        ProgressLine line = line(true, 200, 100_000);
        for (int step = 1; step <= 10_000; step++) {
            nanos.addAndGet(100_000);
            line.step(step, () -> Map.of("loss", 0.5));
        }
        long redraws = text.toString().chars().filter(c -> c == '\r').count();
        assertEquals(10, redraws, text.toString());
        int before = text.toString().lastIndexOf('\r');
        int length = text.toString().length() - before - 1;
        nanos.addAndGet(200_000_000);
        text.getBuffer().setLength(0);
        line.step(10_001, Map::of);
        assertEquals(length, text.toString().length() - 1);
        assertTrue(text.toString().endsWith(" "), text.toString());
    }

    @Test
    void noLineIsWiderThanTheTerminal() {
        for (int columns = 20; columns < 120; columns++) {
            text.getBuffer().setLength(0);
            ProgressLine line = line(true, columns, 938);
            nanos.addAndGet(1_000_000_000);
            line.step(469, () -> values(0.28714, 0.91408));
            line.finish(values(0.5, 0.5), 0.01);
            for (String shown : text.toString().strip().split("[\r\n]+")) {
                assertTrue(shown.length() < columns, columns + ": " + shown);
            }
            assertTrue(text.toString().startsWith("\rstep 469/938"), text.toString());
        }
    }

    @Test
    void aFileGetsFewPlainLines() {
        ProgressLine line = line(false, 80, 1000);
        for (int step = 1; step <= 1000; step++) {
            nanos.addAndGet(25_000_000);
            line.step(step, Map::of);
        }
        line.finish(values(0.5, 0.5), 0.025);
        assertFalse(text.toString().contains("\r") && !System.lineSeparator().contains("\r"));
        assertEquals(3, text.toString().lines().count(), text.toString());
    }

    @Test
    void theTerminalIsTheLaunchers() {
        Properties properties = new Properties();
        assertEquals(new Terminal(false, 80), Terminal.of(properties, Map.of()));
        assertEquals(new Terminal(false, 132), Terminal.of(properties, Map.of("COLUMNS", "132")));
        properties.setProperty("clave.terminal", "true");
        properties.setProperty("clave.columns", "61");
        assertEquals(new Terminal(true, 61), Terminal.of(properties, Map.of("COLUMNS", "132")));
        properties.setProperty("clave.columns", "0");
        assertEquals(new Terminal(true, 80), Terminal.of(properties, Map.of()));
    }

    @Test
    void theLauncherIsAsked() {
        String before = System.getProperty("clave.columns");
        System.setProperty("clave.columns", "61");
        try {
            assertEquals(61, Terminal.detect().columns());
            assertEquals(Terminal.of(System.getProperties(), System.getenv()), Terminal.detect());
        } finally {
            if (before == null) {
                System.clearProperty("clave.columns");
            } else {
                System.setProperty("clave.columns", before);
            }
        }
    }
}
