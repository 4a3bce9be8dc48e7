package dev.clave.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Growth: time per image over the batch, time per operation over the channels; both axes logarithmic. */
final class Lines {
    private static final int WIDTH = 1060;
    private static final int HEIGHT = 300;
    private static final int LEFT = 80;
    private static final int RIGHT = 260;
    private static final int BOTTOM = 40;
    private static final int TOP = 30;

    private final String title;
    private final String axis;
    private final Map<String, TreeMap<Double, Spread>> series;

    private Lines(String title, String axis, Map<String, TreeMap<Double, Spread>> series) {
        this.title = title;
        this.axis = axis;
        this.series = series;
    }

    static String of(Section section) {
        StringBuilder all = new StringBuilder();
        plot(all, section, "train batch ", "", "Training, time per image", "batch", false);
        plot(all, section, "infer batch ", "", "Inference, time per image", "batch", false);
        plot(
                all,
                section,
                "conv channels-",
                " forward",
                "3x3 convolution of 8 images 28x28, time per MFLOP",
                "channels",
                true);
        return all.toString();
    }

    private static void plot(
            StringBuilder all,
            Section section,
            String before,
            String behind,
            String title,
            String axis,
            boolean perOperation) {
        Map<String, TreeMap<Double, Spread>> series = new TreeMap<>();
        for (Row row : section.rows()) {
            if (row.work().startsWith(before) && row.work().endsWith(behind)) {
                double x = Double.parseDouble(
                        row.work().substring(before.length(), row.work().length() - behind.length()));
                // A sample of training is a step: both are a batch of x images.
                double share = perOperation ? 1e6 / row.flops() : 1 / x;
                Spread whole = row.spread();
                series.computeIfAbsent(row.who(), who -> new TreeMap<>())
                        .put(x, new Spread(whole.low() * share, whole.median() * share, whole.high() * share));
            }
        }
        if (!series.isEmpty()) {
            all.append(new Lines(title, axis, series).svg());
        }
    }

    private String svg() {
        List<Spread> values =
                series.values().stream().flatMap(line -> line.values().stream()).toList();
        double low = values.stream().mapToDouble(Spread::low).min().orElseThrow() / 1.2;
        double high = values.stream().mapToDouble(Spread::high).max().orElseThrow() * 1.2;
        double first =
                series.values().stream().mapToDouble(TreeMap::firstKey).min().orElseThrow();
        double last =
                series.values().stream().mapToDouble(TreeMap::lastKey).max().orElseThrow();
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"%s\">%n"
                        + "<text class=\"title\" x=\"0\" y=\"15\">%s</text>%n",
                WIDTH,
                HEIGHT,
                WIDTH,
                title,
                title));
        grid(svg, low, high, first, last);
        int index = 0;
        for (Map.Entry<String, TreeMap<Double, Spread>> line : series.entrySet()) {
            char colour = Page.colour(line.getKey());
            index++;
            line(svg, line.getValue(), colour + (line.getKey().contains(",") ? " dashed" : ""), low, high, first, last);
            Map.Entry<Double, Spread> end = line.getValue().lastEntry();
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect class=\"%c\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\"/><text x=\"%d\" y=\"%d\">%s, %s</text>%n",
                    colour,
                    WIDTH - RIGHT + 15,
                    TOP + 22 * index - 11,
                    WIDTH - RIGHT + 33,
                    TOP + 22 * index,
                    Page.escaped(line.getKey()),
                    Spread.time(end.getValue().median())));
        }
        return svg.append("</svg>\n").toString();
    }

    private static double x(double value, double first, double last) {
        double share = first == last ? 0.5 : Math.log(value / first) / Math.log(last / first);
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double low, double high) {
        return HEIGHT - BOTTOM - Math.log(value / low) / Math.log(high / low) * (HEIGHT - BOTTOM - TOP);
    }

    private void grid(StringBuilder svg, double low, double high, double first, double last) {
        for (double x = first; x <= last; x *= 2) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"%2$d\" y2=\"%3$d\"/>"
                            + "<text class=\"quiet\" x=\"%1$.1f\" y=\"%4$d\" text-anchor=\"middle\">%5$.0f</text>%n",
                    x(x, first, last),
                    TOP,
                    HEIGHT - BOTTOM,
                    HEIGHT - BOTTOM + 16,
                    x));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"quiet\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 5,
                axis));
        int steps = 4;
        for (int i = 0; i <= steps; i++) {
            double value = low * Math.pow(high / low, (double) i / steps);
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%3$.1f\" y2=\"%3$.1f\"/>"
                            + "<text class=\"quiet\" x=\"%4$d\" y=\"%5$.1f\" text-anchor=\"end\">%6$s</text>%n",
                    LEFT,
                    WIDTH - RIGHT,
                    y(value, low, high),
                    LEFT - 8,
                    y(value, low, high) + 4,
                    Spread.time(value)));
        }
    }

    private static void line(
            StringBuilder svg,
            TreeMap<Double, Spread> points,
            String style,
            double low,
            double high,
            double first,
            double last) {
        String path = points.entrySet().stream()
                .map(point -> String.format(
                        Locale.ROOT,
                        "%.1f,%.1f",
                        x(point.getKey(), first, last),
                        y(point.getValue().median(), low, high)))
                .collect(Collectors.joining(" L", "M", ""));
        svg.append("<path class=\"" + style + "\" d=\"" + path + "\"/>\n");
        points.forEach((at, spread) -> svg.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%2$.1f\" x2=\"%2$.1f\" y1=\"%3$.1f\" y2=\"%4$.1f\"/>"
                        + "<circle class=\"%1$s\" cx=\"%2$.1f\" cy=\"%5$.1f\" r=\"3\"/>%n",
                style,
                x(at, first, last),
                y(spread.low(), low, high),
                y(spread.high(), low, high),
                y(spread.median(), low, high))));
    }
}
