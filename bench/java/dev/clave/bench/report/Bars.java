package dev.clave.bench.report;

import java.util.List;
import java.util.Locale;

/**
 * A group of bars per work, a bar per contender: time against the slowest of the group, with the range, the value, the share
 * of the FMA peak and how many times faster the first contender is.
 */
final class Bars {
    private static final int WIDTH = 1060;
    private static final int LEFT = 150;
    private static final int SPAN = 430;
    private static final int STEP = 20;

    private final Section section;
    private final StringBuilder svg = new StringBuilder();
    private int y;

    Bars(Section section) {
        this.section = section;
    }

    String svg() {
        for (String work : section.works()) {
            group(work, section.of(work));
        }
        return String.format(
                        Locale.ROOT,
                        "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"%s\">%n",
                        WIDTH,
                        y,
                        WIDTH,
                        Page.escaped(Page.title(section.name())))
                + svg + "</svg>\n";
    }

    private void group(String work, List<Row> rows) {
        double longest =
                rows.stream().mapToDouble(row -> row.spread().high()).max().orElse(1);
        svg.append(String.format(
                Locale.ROOT, "<text class=\"title\" x=\"0\" y=\"%d\">%s</text>%n", y + 15, Page.escaped(work)));
        y += STEP + 2;
        for (Row row : rows) {
            bar(row, rows.get(0), longest);
            y += STEP;
        }
        y += 8;
    }

    private void bar(Row row, Row first, double longest) {
        Spread spread = row.spread();
        double scale = longest > 0 ? SPAN / longest : 0;
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"quiet\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                        + "<rect class=\"%c\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"13\"/>"
                        + "<line class=\"spread\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>%n",
                LEFT - 8,
                y + 12,
                Page.escaped(row.who()),
                Page.colour(row.who()),
                LEFT,
                y + 1,
                Math.max(1, spread.median() * scale),
                LEFT + spread.low() * scale,
                LEFT + spread.high() * scale,
                y + 7.5,
                y + 7.5));
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\">%s</text>%n",
                LEFT + SPAN + 12,
                y + 12,
                Page.escaped(label(row, first))));
    }

    private String label(Row row, Row first) {
        boolean bytes = row.unit().equals("bytes");
        StringBuilder label = new StringBuilder(bytes ? row.spread().text() + " B" : Targets.timed(row.spread()));
        double peak = row.who().equals("Clave CPU") ? section.cpuPeak() : section.peak();
        if (row.flops() > 0) {
            label.append(", ").append(Spread.digits(row.gflops())).append(" GFLOP/s");
            if (peak > 0) {
                label.append(String.format(Locale.ROOT, " (%.0f %%)", 100 * row.gflops() / peak));
            }
        }
        if (row != first && !bytes && !section.name().equals("start")) {
            label.append(", ratio ").append(Spread.digits(first.fasterThan(row).median()));
        }
        return label.toString();
    }
}
