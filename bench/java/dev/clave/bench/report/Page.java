package dev.clave.bench.report;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** One HTML page with plots as inline SVG: no scripts, nothing from elsewhere, light or dark as the reader's system. */
final class Page {
    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1b1f24; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
              --a: #0969da; --b: #bc4c00; --c: #1a7f37; --d: #8250df; --e: #9a6700; --f: #6e7781; --good: #1a7f37; --bad: #cf222e; }
            @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d;
              --ground: #0d1117; --a: #4493f8; --b: #f0883e; --c: #3fb950; --d: #ab7df8; --e: #d29922; --f: #8b949e; --good: #3fb950;
              --bad: #f85149; } }
            body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
              max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-size: .85rem; }
            th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
            th { color: var(--quiet); font-weight: 600; } .met { color: var(--good); } .not { color: var(--bad); }
            ul { color: var(--quiet); font-size: .85rem; padding-left: 1.2rem; }
            svg { max-width: 100%; height: auto; display: block; margin: .5rem 0; }
            svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg .title { font-weight: 600; } svg .quiet { fill: var(--quiet); }
            svg .grid { stroke: var(--line); } svg .spread { stroke: var(--ink); stroke-width: 1.2; }
            .a { fill: var(--a); stroke: var(--a); } .b { fill: var(--b); stroke: var(--b); }
            .c { fill: var(--c); stroke: var(--c); } .d { fill: var(--d); stroke: var(--d); }
            .e { fill: var(--e); stroke: var(--e); } .f { fill: var(--f); stroke: var(--f); } svg path.dashed { stroke-dasharray: 6 4; }
            svg rect[class] { stroke: none; } svg path[class] { fill: none; stroke-width: 2; }
            """;

    private final StringBuilder html = new StringBuilder();
    private final Results results;

    private Page(Results results) {
        this.results = results;
    }

    static String of(Results results) {
        return new Page(results).all();
    }

    static String title(String section) {
        return switch (section) {
            case "train" -> "Training step, batch 64, Adam";
            case "inference" -> "Inference of the ReLU LeNet";
            case "gemm" -> "Square products";
            case "conv2d" -> "Convolutions";
            case "start" -> "Start to first trained step";
            case "heap" -> "Heap per training step";
            case "command" -> "Training from the command line";
            case "growth" -> "Growth with batch and channels";
            case "forms" -> "Ours against ours";
            case "candidates" -> "Fast candidates against the plain kernel";
            default -> section;
        };
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** Style of a contender, the same in all plots. */
    static char colour(String who) {
        if (who.startsWith("PyTorch")) {
            return 'b';
        }
        return switch (who) {
            case "Clave", "fused, chained", "OpenCL, ffm" -> 'a';
            case "DJL", "OpenCL, jocl" -> 'c';
            case "ONNX Runtime" -> 'd';
            case "CLBlast" -> 'e';
            default -> 'f';
        };
    }

    private String all() {
        html.append("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n")
                .append(
                        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Clave beside others</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n<h1>Clave beside others</h1>\n");
        if (results.mode().equals("quick")) {
            html.append(
                    "<p><b>A quick run, to see that everything runs: few and short samples. No conclusions.</b></p>\n");
        }
        html.append("<p>Bars are medians, thin lines the range over rounds in which all took turns. ")
                .append("Shorter bars are faster. \"Clave\" runs on the OpenCL device named below; ")
                .append("PoCL's is a CPU. Percentages are of the FMA peak measured in the same process.</p>\n");
        environment();
        targets();
        results.sections().forEach(this::section);
        return html.append("</html>\n").toString();
    }

    private void environment() {
        html.append("<h2>Environment</h2>\n<div class=\"wide\"><table>\n");
        for (Map.Entry<String, String> entry : results.environment().entrySet()) {
            html.append("<tr><th>").append(escaped(entry.getKey())).append("</th><td>");
            html.append(escaped(entry.getValue())).append("</td></tr>\n");
        }
        html.append("</table></div>\n");
    }

    private void targets() {
        html.append("<h2>Targets</h2>\n<div class=\"wide\"><table>\n<tr>");
        for (String head : List.of("what", "first", "then", "measured", "met", "what holds back the rest")) {
            html.append("<th>").append(head).append("</th>");
        }
        html.append("</tr>\n");
        for (Targets.Outcome outcome : new Targets(results).all()) {
            String style =
                    outcome.verdict().equals("not measured") || !outcome.doubt().isEmpty()
                            ? ""
                            : outcome.verdict().equals("not met") ? "not" : "met";
            html.append("<tr><td>")
                    .append(String.join(
                            "</td><td>",
                            escaped(outcome.what()),
                            escaped(outcome.first()),
                            escaped(outcome.then()),
                            escaped(outcome.measured()).replace("; ", "<br>")))
                    .append("</td><td class=\"" + style + "\">")
                    .append(escaped(ResultsText.met(outcome)))
                    .append("</td><td>")
                    .append(escaped(outcome.behind()).replace("; ", "<br>"))
                    .append("</td></tr>\n");
        }
        html.append("</table></div>\n");
    }

    private void section(Section section) {
        html.append("<h2>").append(title(section.name())).append("</h2>\n");
        if (!section.load().isEmpty()) {
            html.append("<p class=\"note\">Load average " + escaped(section.load()));
            html.append(section.peak() > 0 ? ", FMA peak " + Spread.digits(section.peak()) + " GFLOP/s" : "");
            html.append(section.cpuPeak() > 0 ? ", in Java " + Spread.digits(section.cpuPeak()) + " GFLOP/s" : "");
            html.append(", other processes used " + Spread.digits(section.others()) + " processors");
            html.append(section.busy() ? " <b>(busy: ratios to PyTorch and DJL prove little)</b>" : "");
            html.append(", " + escaped(section.date()) + ".</p>\n");
        }
        if (!section.rows().isEmpty()) {
            html.append(section.name().equals("growth") ? Lines.of(section) : new Bars(section).svg());
        }
        if (!section.notes().isEmpty()) {
            html.append("<ul>\n")
                    .append(section.notes().stream()
                            .map(note -> "<li>" + escaped(note) + "</li>\n")
                            .collect(Collectors.joining()))
                    .append("</ul>\n");
        }
    }
}
