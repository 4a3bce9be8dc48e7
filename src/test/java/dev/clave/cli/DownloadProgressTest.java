package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.nn.callback.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class DownloadProgressTest {
    private static String shown(boolean terminal) {
        StringWriter text = new StringWriter();
        DownloadProgress progress = new DownloadProgress(new PrintWriter(text), new Terminal(terminal, 80));
        for (long bytes = 100_000; bytes <= 9_900_000; bytes += 100_000) {
            progress.at("a.gz", bytes, 9_900_000);
        }
        progress.at("b.gz", 4_000, -1);
        return text.toString().replace(System.lineSeparator(), "\n");
    }

    @Test
    void aFileGetsOneLineEach() {
        assertEquals("downloading a.gz: 9.9 MB\ndownloading b.gz\n", shown(false));
    }

    @Test
    void aTerminalIsRedrawnSometimes() {
        String text = shown(true);
        assertTrue(text.startsWith("\rdownloading a.gz: 0.1 MB of 9.9 MB"), text);
        assertTrue(text.contains("\rdownloading a.gz: 9.9 MB of 9.9 MB   \n"), text);
        assertTrue(text.endsWith("\rdownloading b.gz: 4.0 kB   "), text);
        long redraws = text.chars().filter(c -> c == '\r').count();
        assertTrue(redraws > 20 && redraws < 45, redraws + " times");
    }
}
