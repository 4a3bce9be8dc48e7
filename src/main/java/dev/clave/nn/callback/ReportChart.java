package dev.clave.nn.callback;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Curves over the epochs as inline SVG. Infinite values leave a gap; values that were not measured do not. */
final class ReportChart {
    private static final double WIDTH = 480;
    private static final double HEIGHT = 270;
    private static final double LEFT = 66;
    private static final double RIGHT = 12;
    private static final double TOP = 12;
    private static final double BOTTOM = 42;
    private static final int BUCKETS = 200;
    /** From this ratio of the largest to the smallest loss on, the axis is logarithmic. */
    private static final double LOG_FROM = 8;

    private final StringBuilder page;
    private final ReportScale x;
    private final ReportScale y;

    private ReportChart(StringBuilder page, ReportScale x, ReportScale y) {
        this.page = page;
        this.x = x;
        this.y = y;
    }

    static void loss(StringBuilder page, ReportData data) {
        double[] values = DoubleStream.concat(
                        data.epochs().stream().flatMapToDouble(e -> DoubleStream.of(e.loss(), e.evalLoss())),
                        data.steps().stream().mapToDouble(ReportData.Step::loss))
                .filter(Double::isFinite)
                .toArray();
        double least = DoubleStream.of(values).min().orElse(0);
        double most = DoubleStream.of(values).max().orElse(1);
        boolean log = least > 0 && most / least >= LOG_FROM;
        ReportScale y = log ? ReportScale.log(least, most) : ReportScale.linear(Math.min(0, least), most);
        ReportChart chart = new ReportChart(page, across(data), y);
        chart.begin("Loss", data, ReportData.Epoch::loss, ReportData.Epoch::evalLoss, Report::loss, log);
        chart.steps(data.steps());
        chart.end(data, ReportData.Epoch::loss, ReportData.Epoch::evalLoss, Report::loss);
    }

    static void accuracy(StringBuilder page, ReportData data) {
        double least = data.epochs().stream()
                .flatMapToDouble(e -> DoubleStream.of(e.accuracy(), e.evalAccuracy()))
                .filter(Double::isFinite)
                .min()
                .orElse(0);
        ReportScale y = ReportScale.linear(100 * Math.min(least, 0.99), 100);
        ReportChart chart = new ReportChart(page, across(data), y);
        ToDoubleFunction<ReportData.Epoch> train = epoch -> 100 * epoch.accuracy();
        ToDoubleFunction<ReportData.Epoch> eval = epoch -> 100 * epoch.evalAccuracy();
        chart.begin("Accuracy, %", data, train, eval, value -> Report.percent(value / 100), false);
        chart.end(data, train, eval, value -> Report.percent(value / 100));
    }

    private static ReportScale across(ReportData data) {
        List<ReportData.Epoch> epochs = data.epochs();
        double last = Math.max(
                epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).number(),
                data.steps().stream().mapToDouble(ReportData.Step::epochs).max().orElse(0));
        double first =
                data.steps().isEmpty() && !epochs.isEmpty() ? epochs.get(0).number() : 0;
        return ReportScale.whole(first, Math.max(first + 1, Math.ceil(last)));
    }

    /** How a value is written. */
    private interface Written {
        String of(double value);
    }

    private void begin(
            String title,
            ReportData data,
            ToDoubleFunction<ReportData.Epoch> train,
            ToDoubleFunction<ReportData.Epoch> eval,
            Written written,
            boolean log) {
        page.append("<figure class=\"chart\">\n<figcaption><b>").append(title).append("</b>");
        if (log) {
            page.append(" <span class=\"note\">logarithmic</span>");
        }
        page.append("<span class=\"legend\">");
        legend("train", "training", data, train, written);
        legend("eval", "evaluation", data, eval, written);
        if (title.equals("Loss") && !data.steps().isEmpty()) {
            page.append("<span class=\"single\"><i></i>single steps</span>");
        }
        page.append("</span></figcaption>\n<svg viewBox=\"0 0 480 270\" role=\"img\" aria-label=\"");
        page.append(title).append(" per epoch\">\n");
        double right = WIDTH - RIGHT;
        double bottom = HEIGHT - BOTTOM;
        for (double tick : y.ticks()) {
            double at = down(tick);
            page.append(format("<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", LEFT, at, right));
            page.append(
                    format("<text x=\"%.1f\" y=\"%.1f\" class=\"side\">%s</text>\n", LEFT - 7, at + 4, y.label(tick)));
        }
        for (double tick : x.ticks()) {
            double at = across(tick);
            page.append(format("<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", at, bottom));
            page.append(
                    format("<text x=\"%.1f\" y=\"%.1f\" class=\"foot\">%s</text>\n", at, bottom + 18, x.label(tick)));
        }
        page.append(format("<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", LEFT, bottom, right));
        double middle = (LEFT + right) / 2;
        page.append(format("<text x=\"%.1f\" y=\"%.1f\" class=\"foot\">epoch</text>\n", middle, HEIGHT - 5));
    }

    private void legend(
            String kind, String name, ReportData data, ToDoubleFunction<ReportData.Epoch> value, Written written) {
        double last = Double.NaN;
        for (ReportData.Epoch epoch : data.epochs()) {
            last = Double.isFinite(value.applyAsDouble(epoch)) ? value.applyAsDouble(epoch) : last;
        }
        if (Double.isFinite(last)) {
            page.append("<span class=\"")
                    .append(kind)
                    .append("\"><i></i>")
                    .append(name)
                    .append(' ');
            page.append(written.of(last)).append("</span>");
        }
    }

    private void end(
            ReportData data,
            ToDoubleFunction<ReportData.Epoch> train,
            ToDoubleFunction<ReportData.Epoch> eval,
            Written written) {
        line("train", "training", data.epochs(), train, written);
        line("eval", "evaluation", data.epochs(), eval, written);
        page.append("</svg>\n</figure>\n");
    }

    private void line(
            String kind,
            String name,
            List<ReportData.Epoch> epochs,
            ToDoubleFunction<ReportData.Epoch> value,
            Written written) {
        StringBuilder path = new StringBuilder();
        StringBuilder points = new StringBuilder();
        boolean drawing = false;
        for (ReportData.Epoch epoch : epochs) {
            double number = value.applyAsDouble(epoch);
            if (Double.isNaN(number)) {
                continue; // not measured: the line goes on to the next point
            }
            if (Double.isInfinite(number)) {
                drawing = false;
                continue;
            }
            double px = across(epoch.number());
            double py = down(number);
            path.append(format("%s%.1f %.1f", drawing ? "L" : "M", px, py));
            drawing = true;
            points.append(
                    format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\">", px, py, epochs.size() > 40 ? "2" : "3.5"));
            points.append(format("<title>%s, epoch %d: %s</title></circle>", name, epoch.number(), written.of(number)));
        }
        if (drawing || !path.isEmpty()) {
            page.append("<g class=\"")
                    .append(kind)
                    .append("\"><path d=\"")
                    .append(path)
                    .append("\"/>");
            page.append(points).append("</g>\n");
        }
    }

    /** The mean of the steps as a thin line in a band from the least to the largest, in at most 200 pieces. */
    private void steps(List<ReportData.Step> all) {
        List<ReportData.Step> steps =
                all.stream().filter(s -> Double.isFinite(s.loss())).toList();
        if (steps.isEmpty()) {
            return;
        }
        int pieces = Math.min(BUCKETS, steps.size());
        StringBuilder mean = new StringBuilder();
        StringBuilder upper = new StringBuilder();
        StringBuilder lower = new StringBuilder();
        for (int i = 0; i < pieces; i++) {
            int from = (int) ((long) i * steps.size() / pieces);
            int to = (int) ((i + 1L) * steps.size() / pieces);
            List<ReportData.Step> piece = steps.subList(from, to);
            var losses = piece.stream().mapToDouble(ReportData.Step::loss).summaryStatistics();
            double px = across(piece.stream()
                    .mapToDouble(ReportData.Step::epochs)
                    .average()
                    .orElse(0));
            mean.append(format("%s%.1f %.1f", i == 0 ? "M" : "L", px, down(losses.getAverage())));
            upper.append(format("%s%.1f %.1f", i == 0 ? "M" : "L", px, down(losses.getMax())));
            lower.insert(0, format("L%.1f %.1f", px, down(losses.getMin())));
        }
        page.append("<g class=\"steps\"><path class=\"band\" d=\"")
                .append(upper)
                .append(lower)
                .append("Z\"/><path d=\"");
        page.append(mean).append("\"/></g>\n");
    }

    private double across(double value) {
        return LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
    }

    private double down(double value) {
        return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
