package dev.clave.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a run: results/peers.json, report/peers.html and the part of RESULTS.md between two marks, all from the same data. */
public final class Report {
    private static final String BEGIN = "<!-- peers: begin, written by clave bench --peers -->";
    private static final String END = "<!-- peers: end -->";

    private Report() {}

    /**
     * Writes everything.
     *
     * @param folder the folder {@code bench}, or another for a trial
     */
    public static void write(Results results, Path folder) throws IOException {
        Path json = Files.createDirectories(folder.resolve("results")).resolve("peers.json");
        results.write(json);
        Path page = Files.createDirectories(folder.resolve("report")).resolve("peers.html");
        Files.writeString(page, Page.of(results));
        Path text = folder.resolve("RESULTS.md");
        Files.writeString(text, placed(Files.exists(text) ? Files.readString(text) : "", ResultsText.of(results)));
        System.out.println("written: " + json + ", " + page + ", " + text);
    }

    /** Writes page and text again from {@code results/peers.json} of a folder. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments.length == 0 ? "bench" : arguments[0]);
        write(Results.read(folder.resolve("results").resolve("peers.json")), folder);
    }

    private static String placed(String before, String part) {
        String marked = BEGIN + "\n" + part + END + "\n";
        int begin = before.indexOf(BEGIN);
        int end = before.indexOf(END);
        if (begin < 0 || end < begin) {
            return before + (before.isEmpty() ? "" : "\n") + marked;
        }
        return before.substring(0, begin)
                + marked
                + before.substring(end + END.length()).replaceFirst("^\n", "");
    }
}
