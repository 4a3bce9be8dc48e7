package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Browser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages of train and evaluate, made by the commands. */
class ReportCommandTest {
    @TempDir
    private Path folder;

    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)), arguments);
        assertEquals(0, code, err::toString);
        return out.toString();
    }

    @Test
    void trainAndEvaluateWritePages() throws Exception {
        Path page = folder.resolve("a run.html");
        Path events = folder.resolve("events");
        String model = folder.resolve("w.safetensors").toString();
        String out = run(
                "train",
                "--data",
                "digits",
                "--epochs",
                "1",
                "--report",
                page.toString(),
                "--tensorboard",
                events.toString(),
                "--save",
                model);
        assertTrue(out.contains("report written to " + page), out);
        assertTrue(out.contains("tensorboard --logdir " + events), out);
        try (Stream<Path> files = Files.list(events)) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all.toString());
            String bytes = Files.readString(all.get(0), java.nio.charset.StandardCharsets.ISO_8859_1);
            for (String tag : new String[] {"train/loss", "train/acc", "train/learningRate", "eval/loss", "eval/acc"}) {
                assertTrue(bytes.contains(tag), tag);
            }
        }
        String html = Files.readString(page);
        assertTrue(html.contains("<title>LeNet (relu) on built-in digits</title>"), html);
        assertTrue(html.contains("&#39;" + page + "&#39;"), "the command is quoted: the name has a blank");
        int wrong = mistakes(html);

        Path second = folder.resolve("evaluation.html");
        String table = run("evaluate", "--data", "digits", "--model", model, "--report", second.toString());
        double accuracy = Double.parseDouble(table.replaceAll("(?s).*acc: ([0-9.]+).*", "$1"));
        assertEquals(wrong, Math.round(2000 * (1 - accuracy)));
        assertTrue(table.contains("label |") && table.contains(" mean |"), table);
        assertEquals(wrong, mistakes(Files.readString(second)));

        String browser = Browser.required("ReportCommandTest");
        look(browser, page, "4,2,100," + Math.min(60, wrong) + ",1");
        look(browser, second, "0,0,100," + Math.min(60, wrong) + ",1");
    }

    private static int mistakes(String html) {
        Matcher matcher = Pattern.compile("<dt>Mistakes</dt><dd>([0-9,]+)").matcher(html);
        assertTrue(matcher.find(), html);
        int count = Integer.parseInt(matcher.group(1).replace(",", ""));
        int shown = html.split("<li><img src=\"data:image/png", -1).length - 1;
        assertEquals(Math.min(60, count), shown);
        return count;
    }

    private static void look(String browser, Path page, String expected) throws Exception {
        Path place = Browser.folder();
        Path counting = Files.writeString(place.resolve("page.html"), Browser.counting(Files.readString(page)));
        for (String size : new String[] {"1280,900", "500,900"}) {
            Path log = place.resolve("log.txt");
            assertEquals(expected, Browser.counts(Browser.dom(browser, place, counting, size, log)), size);
            assertFalse(Browser.text(log).contains("CONSOLE"), () -> Browser.text(log));
        }
    }
}
