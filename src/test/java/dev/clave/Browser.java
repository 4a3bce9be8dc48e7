package dev.clave;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** Pages in a real browser, for tests. */
public final class Browser {
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

    private Browser() {}

    /** The browser; without one the test is skipped, which is printed. */
    public static String required(String test) {
        String browser = find();
        if (browser.isEmpty()) {
            System.out.println(test + " is skipped: no chromium on the PATH (apt-get install chromium)");
        }
        assumeTrue(!browser.isEmpty(), "no chromium on the PATH (apt-get install chromium)");
        return browser;
    }

    /** A report that counts what a reader sees of it. */
    public static String counting(String page) {
        return page.replace("</body>", PROBE + "</body>");
    }

    /** Circles, step paths, cells, decoded digits, and 1 when nothing is wider than the window. */
    public static String counts(String dom) {
        Matcher counts = COUNTS.matcher(dom);
        assertTrue(counts.find(), dom);
        return counts.group(1);
    }

    private static String find() {
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

    /** Opens a page and returns its document after loading; what the console says goes to the log. */
    public static String dom(String browser, Path folder, Path page, String size, Path log) throws Exception {
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
    public static Path folder() throws IOException {
        return Files.createTempDirectory(Files.createDirectories(Path.of("target/browser")), "run")
                .toAbsolutePath();
    }

    /** Content of a file. */
    public static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
