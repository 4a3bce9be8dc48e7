package dev.clave.nn.callback;

import dev.clave.FormatException;
import dev.clave.io.NewFile;
import dev.clave.io.Png;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One HTML page about a training run: curves, confusion matrix, measures per class, mistakes, network, device, settings and the
 * command. It needs no other file, no network and no script, follows the light or dark setting of the browser, and is also
 * well-formed XML. All text of the input is escaped.
 */
public final class Report {
    private static final int MOST_MISTAKES = 60;

    private Report() {}

    /**
     * Writes the page; a reader sees the old file or the new one, never a part.
     *
     * @param file where to write
     * @param data the images the page shows
     * @throws FormatException when the file cannot be written
     */
    public static void write(Path file, ReportData data) {
        NewFile.write(file, html(data));
    }

    /**
     * {@return the page}
     *
     * @param data the images the page shows
     */
    public static String html(ReportData data) {
        StringBuilder page =
                new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        page.append("<meta name=\"color-scheme\" content=\"light dark\"/>\n<link rel=\"icon\" href=\"data:,\"/>\n");
        page.append("<title>").append(escaped(data.title())).append("</title>\n");
        page.append("<style>\n").append(ReportStyle.CSS).append("</style>\n</head>\n<body>\n<main>\n");
        header(page, data);
        curves(page, data);
        ReportClasses.append(page, data);
        mistakes(page, data);
        network(page, data);
        facts(page, data);
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    /** Text for element content and attribute values; characters that XML forbids become U+FFFD. */
    static String escaped(String text) {
        StringBuilder safe = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.appendCodePoint(isLegal(c) ? c : 0xFFFD);
            }
        });
        return safe.toString();
    }

    private static boolean isLegal(int c) {
        boolean control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
        return !control && (c < 0xD800 || c > 0xDFFF) && (c & 0xFFFE) != 0xFFFE;
    }

    static String percent(double share) {
        return Double.isFinite(share) ? String.format(Locale.ROOT, "%.2f %%", 100 * share) : "-";
    }

    static String loss(double value) {
        if (!Double.isFinite(value)) {
            return "-";
        }
        return String.format(Locale.ROOT, Math.abs(value) <= 1e-3 ? "%.4e" : "%.4f", value);
    }

    private static void header(StringBuilder page, ReportData data) {
        page.append("<header>\n<h1>").append(escaped(data.title())).append("</h1>\n");
        if (!data.subtitle().isBlank()) {
            page.append("<p class=\"subtitle\">")
                    .append(escaped(data.subtitle()))
                    .append("</p>\n");
        }
        page.append("<dl class=\"figures\">\n");
        ReportData.Epoch best = data.best();
        ReportData.Epoch kept = data.kept();
        if (kept != null) {
            figure(page, "Accuracy kept", percent(kept.evalAccuracy()), "weights of epoch " + kept.number());
        }
        if (best != null && (kept == null || best.evalAccuracy() != kept.evalAccuracy())) {
            figure(page, "Best accuracy", percent(best.evalAccuracy()), "epoch " + best.number());
        }
        if (!data.epochs().isEmpty()) {
            ReportData.Epoch last = data.epochs().get(data.epochs().size() - 1);
            boolean evaluated = Double.isFinite(last.evalAccuracy());
            String part =
                    (kept == null ? "" : "epoch " + last.number() + ", ") + (evaluated ? "evaluation" : "training");
            figure(page, "Last accuracy", percent(evaluated ? last.evalAccuracy() : last.accuracy()), part);
            figure(page, "Last loss", loss(evaluated ? last.evalLoss() : last.loss()), part);
            figure(
                    page,
                    "Epochs",
                    String.valueOf(data.epochs().size()),
                    data.steps().isEmpty() ? "" : number(data.steps().size()) + " steps");
        }
        ConfusionMatrix confusion = data.confusion();
        if (confusion != null && data.epochs().isEmpty()) {
            figure(page, "Accuracy", percent(confusion.accuracy()), "evaluation");
        }
        if (confusion != null) {
            long wrong = confusion.samples() - confusion.correct();
            figure(page, "Mistakes", number(wrong), "of " + number(confusion.samples()));
        }
        if (!data.layers().isEmpty()) {
            long parameters = data.layers().stream()
                    .mapToLong(ReportData.Layer::parameters)
                    .sum();
            figure(page, "Parameters", number(parameters), data.layers().size() + " layers");
        }
        page.append("</dl>\n</header>\n");
    }

    private static void figure(StringBuilder page, String name, String value, String note) {
        page.append("<div><dt>").append(name).append("</dt><dd>").append(value);
        page.append("<small>").append(note).append("</small></dd></div>\n");
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private static void curves(StringBuilder page, ReportData data) {
        if (data.epochs().isEmpty() && data.steps().isEmpty()) {
            return;
        }
        page.append("<section id=\"curves\">\n<h2>Curves</h2>\n<div class=\"pair\">\n");
        ReportChart.loss(page, data);
        ReportChart.accuracy(page, data);
        page.append("</div>\n</section>\n");
    }

    private static void mistakes(StringBuilder page, ReportData data) {
        if (data.mistakes().isEmpty()) {
            return;
        }
        List<ReportData.Mistake> shown = data.mistakes()
                .subList(0, Math.min(MOST_MISTAKES, data.mistakes().size()));
        page.append(
                "<section id=\"mistakes\">\n<h2>Mistakes</h2>\n<p class=\"note\">Label, arrow, prediction; below it the");
        page.append(" probability of the prediction and the index of the sample.");
        if (shown.size() < data.mistakes().size()) {
            page.append(" The first ")
                    .append(shown.size())
                    .append(" of ")
                    .append(data.mistakes().size());
            page.append(".");
        }
        page.append("</p>\n<ul class=\"digits\">\n");
        for (ReportData.Mistake mistake : shown) {
            String label = escaped(data.classes().get(mistake.label()));
            String prediction = escaped(data.classes().get(mistake.prediction()));
            String png = Base64.getEncoder()
                    .encodeToString(Png.grey(mistake.height(), mistake.width(), mistake.pixels(), 0));
            page.append("<li><img src=\"data:image/png;base64,")
                    .append(png)
                    .append("\" width=\"84\" height=\"84\" alt=\"");
            page.append("sample ")
                    .append(mistake.index())
                    .append(", label ")
                    .append(label)
                    .append(", predicted ");
            page.append(prediction).append("\"/><p><b>").append(label).append("</b> \u2192 <b class=\"wrong\">");
            page.append(prediction).append("</b></p><p class=\"note\">").append(percent(mistake.probability()));
            page.append("<br/>#").append(mistake.index()).append("</p></li>\n");
        }
        page.append("</ul>\n</section>\n");
    }

    private static void network(StringBuilder page, ReportData data) {
        if (data.layers().isEmpty()) {
            return;
        }
        page.append(
                "<section id=\"network\">\n<h2>Network</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" ");
        page.append("aria-label=\"layers\">\n<table>\n<thead><tr><th scope=\"col\">Layer (type)</th>");
        page.append("<th scope=\"col\">Input Shape</th><th scope=\"col\">Output Shape</th>");
        page.append("<th scope=\"col\" class=\"number\">Param #</th></tr></thead>\n<tbody>\n");
        for (ReportData.Layer layer : data.layers()) {
            page.append("<tr><th scope=\"row\">").append(escaped(layer.name())).append("</th><td>");
            page.append(escaped(layer.input())).append("</td><td>").append(escaped(layer.output()));
            page.append("</td><td class=\"number\">")
                    .append(number(layer.parameters()))
                    .append("</td></tr>\n");
        }
        page.append("</tbody>\n</table>\n</div>\n");
        pairs(page, data.totals());
        page.append("</section>\n");
    }

    private static void facts(StringBuilder page, ReportData data) {
        if (!data.device().isEmpty() || !data.settings().isEmpty()) {
            page.append("<section id=\"run\" class=\"pair\">\n");
            named(page, "Device", data.device());
            named(page, "Settings", data.settings());
            page.append("</section>\n");
        }
        if (!data.command().isBlank()) {
            page.append("<section id=\"command\">\n<h2>Do it again</h2>\n<pre tabindex=\"0\"><code>");
            page.append(escaped(data.command())).append("</code></pre>\n</section>\n");
        }
    }

    private static void named(StringBuilder page, String name, Map<String, String> values) {
        if (!values.isEmpty()) {
            page.append("<div>\n<h2>").append(name).append("</h2>\n");
            pairs(page, values);
            page.append("</div>\n");
        }
    }

    private static void pairs(StringBuilder page, Map<String, String> values) {
        if (values.isEmpty()) {
            return;
        }
        page.append("<dl class=\"pairs\">\n");
        values.forEach((name, value) -> page.append("<div><dt>")
                .append(escaped(name))
                .append("</dt><dd>")
                .append(escaped(value))
                .append("</dd></div>\n"));
        page.append("</dl>\n");
    }
}
