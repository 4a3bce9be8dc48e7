package dev.clave.nn.callback;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The confusion matrix as a heat map, the commonest confusions and the measures of each class. */
final class ReportClasses {
    private static final int MOST_CLASSES = 40;
    private static final int MOST_CONFUSIONS = 6;
    /** Percent of colour from which text on it is white. */
    private static final long DEEP = 73;

    private record Confusion(int label, int prediction, long count) {}

    private ReportClasses() {}

    static void append(StringBuilder page, ReportData data) {
        ConfusionMatrix matrix = data.confusion();
        if (matrix == null) {
            return;
        }
        page.append("<section id=\"classes\">\n<h2>Classes</h2>\n");
        ReportData.Epoch kept = data.kept();
        if (kept != null) {
            page.append(
                            "<p class=\"note\">Matrix, measures and mistakes are those of the weights that were kept, of epoch ")
                    .append(kept.number())
                    .append(".</p>\n");
        }
        page.append("<div class=\"pair\">\n<div>\n<h3>Confusion matrix</h3>\n");
        if (matrix.classes() <= MOST_CLASSES) {
            heatMap(page, matrix, data.classes());
        } else {
            page.append("<p class=\"note\">Left out: ").append(matrix.classes()).append(" classes.</p>\n");
        }
        commonest(page, matrix, data.classes());
        page.append("</div>\n<div>\n<h3>Measures</h3>\n");
        measures(page, matrix, data.classes());
        page.append("</div>\n</div>\n</section>\n");
    }

    private static void heatMap(StringBuilder page, ConfusionMatrix matrix, List<String> names) {
        int classes = matrix.classes();
        double worst = 0;
        for (int label = 0; label < classes; label++) {
            for (int prediction = 0; prediction < classes; prediction++) {
                worst = label == prediction ? worst : Math.max(worst, share(matrix, label, prediction));
            }
        }
        page.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"confusion matrix\">\n");
        page.append(
                "<table class=\"heat\">\n<caption>Rows are labels, columns predictions. Blue: right, by share of the row.");
        page.append(" Orange: wrong, the strongest colour is the worst.</caption>\n<thead><tr><td></td>");
        names.forEach(name ->
                page.append("<th scope=\"col\">").append(Report.escaped(name)).append("</th>"));
        page.append("</tr></thead>\n<tbody>\n");
        for (int label = 0; label < classes; label++) {
            page.append("<tr><th scope=\"row\">")
                    .append(Report.escaped(names.get(label)))
                    .append("</th>");
            for (int prediction = 0; prediction < classes; prediction++) {
                cell(page, matrix, names, label, prediction, worst);
            }
            page.append("</tr>\n");
        }
        page.append("</tbody>\n</table>\n</div>\n");
    }

    private static double share(ConfusionMatrix matrix, int label, int prediction) {
        long support = matrix.support(label);
        return support == 0 ? 0 : (double) matrix.count(label, prediction) / support;
    }

    private static void cell(
            StringBuilder page, ConfusionMatrix matrix, List<String> names, int label, int prediction, double worst) {
        long count = matrix.count(label, prediction);
        if (count == 0) {
            page.append("<td class=\"none\">0</td>");
            return;
        }
        boolean right = label == prediction;
        double share = share(matrix, label, prediction);
        // Errors are few: the root spreads the small ones.
        double depth = right ? 0.1 + 0.8 * share : 0.12 + 0.73 * Math.sqrt(share / worst);
        page.append("<td class=\"")
                .append(right ? "hit" : "miss")
                .append(Math.round(100 * depth) >= DEEP ? " deep" : "");
        page.append("\" style=\"--a:")
                .append(String.format(Locale.ROOT, "%.2f", depth))
                .append("\" title=\"");
        page.append(Report.escaped(names.get(label))).append(" predicted as ");
        page.append(Report.escaped(names.get(prediction))).append(": ").append(Report.percent(share));
        page.append(" of ")
                .append(Report.number(matrix.support(label)))
                .append("\">")
                .append(count)
                .append("</td>");
    }

    private static void commonest(StringBuilder page, ConfusionMatrix matrix, List<String> names) {
        List<Confusion> all = new ArrayList<>();
        for (int label = 0; label < matrix.classes(); label++) {
            for (int prediction = 0; prediction < matrix.classes(); prediction++) {
                long count = matrix.count(label, prediction);
                if (label != prediction && count > 0) {
                    all.add(new Confusion(label, prediction, count));
                }
            }
        }
        if (all.isEmpty()) {
            page.append("<p class=\"note\">No sample was taken for another class.</p>\n");
            return;
        }
        all.sort(Comparator.comparingLong(Confusion::count).reversed());
        page.append("<p class=\"note\">Commonest: ");
        for (int i = 0; i < Math.min(MOST_CONFUSIONS, all.size()); i++) {
            Confusion one = all.get(i);
            page.append(i == 0 ? "" : ", ").append("<span class=\"whole\">");
            page.append(Report.escaped(names.get(one.label))).append(" as ");
            page.append(Report.escaped(names.get(one.prediction)));
            page.append(" (").append(Report.number(one.count)).append(")</span>");
        }
        page.append(".</p>\n");
    }

    private static void measures(StringBuilder page, ConfusionMatrix matrix, List<String> names) {
        page.append(
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"measures\">\n<table>\n<thead><tr>");
        page.append("<th scope=\"col\">Class</th>");
        for (String column : List.of("Precision", "Recall", "F1", "Support")) {
            page.append("<th scope=\"col\" class=\"number\">").append(column).append("</th>");
        }
        page.append("</tr></thead>\n<tbody>\n");
        for (int c = 0; c < matrix.classes(); c++) {
            String name = Report.escaped(names.get(c));
            row(page, name, matrix.precision(c), matrix.recall(c), matrix.f1(c), matrix.support(c));
        }
        page.append("</tbody>\n<tfoot>\n");
        row(page, "Mean", matrix.meanPrecision(), matrix.meanRecall(), matrix.meanF1(), matrix.samples());
        page.append("</tfoot>\n</table>\n</div>\n");
    }

    private static void row(StringBuilder page, String name, double precision, double recall, double f1, long support) {
        page.append("<tr><th scope=\"row\">").append(name).append("</th>");
        for (double value : new double[] {precision, recall, f1}) {
            page.append("<td class=\"number\">")
                    .append(ConfusionMatrix.ratio(value))
                    .append("</td>");
        }
        page.append("<td class=\"number\">").append(Report.number(support)).append("</td></tr>\n");
    }
}
