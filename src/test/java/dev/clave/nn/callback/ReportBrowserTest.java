package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Browser;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page in a real browser, when there is one. */
class ReportBrowserTest {
    @Test
    void aReaderSeesEverything() throws Exception {
        String browser = Browser.required("ReportBrowserTest");
        ReportData data = ReportSample.data();
        Path folder = Browser.folder();
        Path page = folder.resolve("report.html");
        Files.writeString(page, Browser.counting(Report.html(data)));
        for (String size : new String[] {"1280,900", "500,900"}) {
            Path log = folder.resolve("log.txt");
            String dom = Browser.dom(browser, folder, page, size, log);
            String expected =
                    4 * ReportSample.EPOCHS + ",2,100," + data.mistakes().size() + ",1";
            assertEquals(expected, Browser.counts(dom), "circles, step paths, cells, digits, fits, at " + size);
            assertFalse(Browser.text(log).contains("CONSOLE"), () -> Browser.text(log));
        }
    }

    /** The log would show it if the page logged an error. */
    @Test
    void theConsoleIsHeard() throws Exception {
        String browser = Browser.required("ReportBrowserTest");
        Path folder = Browser.folder();
        Path page = folder.resolve("loud.html");
        Files.writeString(page, "<!DOCTYPE html><html><body><script>console.error('heard')</script></body></html>");
        Path log = folder.resolve("log.txt");
        Browser.dom(browser, folder, page, "800,600", log);
        assertTrue(
                Browser.text(log).contains("CONSOLE") && Browser.text(log).contains("heard"), () -> Browser.text(log));
    }
}
