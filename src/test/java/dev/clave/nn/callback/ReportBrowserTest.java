package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page in a real browser, when there is one. */
class ReportBrowserTest {
    private static final Pattern COUNTS = Pattern.compile("counted: ([0-9,]+)");
    /** Counts what a reader sees: things with a size on the screen, and pictures that were decoded. */
    private static final String PROBE = """
            <script>addEventListener('load', () => {
              const seen = path => [...document.querySelectorAll(path)].filter(e => {
                const box = e.getBoundingClientRect(); return box.width > 2 && box.height > 2; });
              const counts = [
                seen('svg circle').length,
                seen('svg .steps path').length,
                seen('.heat tbody td').length,
                seen('.digits img').filter(e => e.complete && e.naturalWidth == 28).length,
                document.documentElement.scrollWidth <= innerWidth ? 1 : 0];
              document.body.append('counted: ' + counts);
            });</script>
            """;

    private static String browser() {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            for (String name : new String[] {"chromium", "chromium-browser", "google-chrome"}) {
                Path file = Path.of(folder.isEmpty() ? "." : folder, name);
                if (Files.isExecutable(file)) {
                    return file.toString();
                }
            }
        }
        return "";
    }

    private static String dump(String browser, Path folder, Path page, String size, Path log) throws Exception {
        List<String> command = new ArrayList<>(List.of(browser, "--headless", "--no-sandbox", "--disable-gpu"));
        command.addAll(List.of("--no-first-run", "--disable-background-networking", "--disable-component-update"));
        command.addAll(List.of("--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0"));
        command.add("--user-data-dir=" + folder.resolve("profile"));
        command.addAll(
                List.of("--window-size=" + size, "--dump-dom", page.toUri().toString()));
        Path dom = folder.resolve("dom.html");
        ProcessBuilder builder = new ProcessBuilder(command);
        // The tests chain signals by a preloaded library, which is of no use to a browser.
        builder.environment().remove("LD_PRELOAD");
        Process process =
                builder.redirectOutput(dom.toFile()).redirectError(log.toFile()).start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the browser does not end");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), () -> text(log));
        return text(dom);
    }

    /** Below target: a browser may still write into its profile after its end, which breaks a cleanup by JUnit. */
    private static Path folder() throws IOException {
        return Files.createTempDirectory(Files.createDirectories(Path.of("target/browser")), "run")
                .toAbsolutePath();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aReaderSeesEverything() throws Exception {
        String browser = browser();
        if (browser.isEmpty()) {
            System.out.println("ReportBrowserTest is skipped: no chromium on the PATH (apt-get install chromium)");
        }
        assumeTrue(!browser.isEmpty(), "no chromium on the PATH (apt-get install chromium)");
        ReportData data = ReportSample.data();
        Path folder = folder();
        Path page = folder.resolve("report.html");
        Files.writeString(page, Report.html(data).replace("</body>", PROBE + "</body>"));
        for (String size : new String[] {"1280,900", "500,900"}) {
            Path log = folder.resolve("log.txt");
            String dom = dump(browser, folder, page, size, log);
            Matcher counts = COUNTS.matcher(dom);
            assertTrue(counts.find(), dom);
            String expected =
                    4 * ReportSample.EPOCHS + ",2,100," + data.mistakes().size() + ",1";
            assertEquals(expected, counts.group(1), "circles, step paths, cells, digits, fits, at " + size);
            assertFalse(text(log).contains("CONSOLE"), () -> text(log));
        }
    }

    /** The log would show it if the page logged an error. */
    @Test
    void theConsoleIsHeard() throws Exception {
        String browser = browser();
        assumeTrue(!browser.isEmpty(), "no chromium on the PATH (apt-get install chromium)");
        Path folder = folder();
        Path page = folder.resolve("loud.html");
        Files.writeString(page, "<!DOCTYPE html><html><body><script>console.error('heard')</script></body></html>");
        Path log = folder.resolve("log.txt");
        dump(browser, folder, page, "800,600", log);
        assertTrue(text(log).contains("CONSOLE") && text(log).contains("heard"), () -> text(log));
    }
}
