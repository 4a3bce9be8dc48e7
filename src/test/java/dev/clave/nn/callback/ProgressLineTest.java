package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
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

    /** What is not flushed is not seen. */
    private ProgressLine line(boolean terminal, int columns, int steps) {
        return new ProgressLine(
                new PrintWriter(new BufferedWriter(text, 1 << 16)), new Terminal(terminal, columns), nanos::get, steps);
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

    private String shown() {
        String shown = text.toString().replace(System.lineSeparator(), "\n");
        text.getBuffer().setLength(0);
        return shown;
    }

    /** A terminal sees the first step at once, a file after ten seconds, and neither is shown more often than it should. */
    @Test
    void timesToTheBorder() {
        ProgressLine terminal = line(true, 200, 10);
        terminal.step(1, Map::of);
        assertEquals("\rstep  1/10 [==>...........................] - ETA: 0s - 0us/step", shown());
        nanos.addAndGet(99_999_999);
        terminal.step(2, Map::of);
        assertEquals("", shown());
        nanos.addAndGet(1);
        terminal.step(2, Map::of);
        assertTrue(shown().startsWith("\rstep  2/10 "));
        nanos.addAndGet(1_000_000_000);
        terminal.step(10, Map::of);
        assertEquals("", shown(), "the last step is left to the end");
        ProgressLine file = line(false, 80, 10);
        nanos.addAndGet(9_999_999_999L);
        file.step(1, Map::of);
        assertEquals("", shown());
        nanos.addAndGet(1);
        file.step(1, Map::of);
        assertEquals("step  1/10 [==>...........................] - ETA: 1:30 - 10s/step\n", shown());
    }

    @Test
    void unitsToTheBorder() {
        assertEquals(" - 1s/step", ProgressLine.rate(1));
        assertEquals(" - 1ms/step", ProgressLine.rate(1e-3));
        assertEquals(" - 999us/step", ProgressLine.rate(0.999e-3));
        for (long[] seconds : new long[][] {{3599, 59}, {3600, 1}, {60, 1}, {59, 0}}) {
            ProgressLine line = line(true, 200, 2);
            nanos.addAndGet(seconds[0] * 1_000_000_000);
            line.step(1, Map::of);
            String eta =
                    seconds[0] == 3599 ? "59:59" : seconds[0] == 3600 ? "1:00:00" : seconds[0] == 60 ? "1:00" : "59s";
            String shown = shown();
            assertTrue(shown.contains(" - ETA: " + eta + " - "), shown);
        }
    }

    /** Between the full bar and none the line fills the terminal but for one column. */
    @Test
    void theBarTakesTheRoomThereIs() {
        String full = "step 1/2 [==============>...............] - ETA: 0s - 0us/step";
        for (int columns = 20; columns < 100; columns++) {
            line(true, columns, 2).step(1, Map::of);
            String shown = shown().substring(1);
            int bar = shown.indexOf(']') - shown.indexOf('[') - 1;
            int rest = full.length() - 33;
            if (columns > full.length()) {
                assertEquals(full, shown);
            } else if (columns - 1 >= rest + 3 + 5) {
                assertEquals(columns - 1, shown.length(), shown);
                assertEquals(columns - 1 - rest - 3, bar, shown);
            } else {
                String plain = "step 1/2 - ETA: 0s - 0us/step";
                assertEquals(plain.substring(0, Math.min(columns - 1, plain.length())), shown);
            }
        }
    }

    @Test
    void aTerminalEndsTheLine() {
        line(true, 200, 2).finish(values(0.5, 0.25), 0.5);
        String line = "step 2/2 [==============================] - loss: 0.5000 - acc: 0.2500 - 500ms/step";
        assertEquals("\r" + line + "\n", shown());
        line(false, 200, 2).finish(values(0.5, 0.25), 0.5);
        assertEquals(line + "\n", shown());
    }
}
