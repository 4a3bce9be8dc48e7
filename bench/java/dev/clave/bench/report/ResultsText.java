package dev.clave.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The part of RESULTS.md that a run writes. */
final class ResultsText {
    private final StringBuilder text = new StringBuilder();
    private final Results results;

    private ResultsText(Results results) {
        this.results = results;
    }

    static String of(Results results) {
        return new ResultsText(results).all();
    }

    private String all() {
        line("## Side by side: `./clave bench --peers" + (results.mode().equals("quick") ? " --quick" : "") + "`");
        line("");
        if (results.mode().equals("quick")) {
            line("A quick run, to see that everything runs: few and short samples, small shapes. No conclusions.");
            line("");
        }
        line(
                "Median and range (in brackets) of samples that all took in turns; ratios are taken round by round and say how many");
        line(
                "times faster Clave is. Percentages are of the FMA peak measured in the same process. The device is an OpenCL");
        line(
                "device unless \"CPU\" is said; PoCL's is a CPU too. Plots: [report/peers.html](report/peers.html), data:");
        line("[results/peers.json](results/peers.json).");
        line("");
        for (Map.Entry<String, String> entry : results.environment().entrySet()) {
            line("* " + entry.getKey() + ": " + entry.getValue());
        }
        line("* load average: "
                + results.sections().stream()
                        .filter(section -> !section.load().isEmpty())
                        .map(section -> section.name() + " " + section.load())
                        .collect(Collectors.joining(", ")));
        line("* processors that other processes used: "
                + results.sections().stream()
                        .filter(section -> !section.load().isEmpty())
                        .map(section -> section.name() + " " + Spread.digits(section.others()))
                        .collect(Collectors.joining(", ")));
        line("");
        targets();
        results.sections().forEach(this::section);
        return text.toString();
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private void targets() {
        line("### Targets");
        line("");
        line("| what | first | then | measured | met | what holds back the rest |");
        line("|---|---|---|---|---|---|");
        for (Targets.Outcome outcome : new Targets(results).all()) {
            line("| "
                    + String.join(
                            " | ",
                            outcome.what(),
                            outcome.first(),
                            outcome.then(),
                            outcome.measured(),
                            met(outcome),
                            outcome.behind())
                    + " |");
        }
        line("");
    }

    static String met(Targets.Outcome outcome) {
        String met = switch (outcome.verdict()) {
            case "then" -> "first and then";
            case "first" -> "first met, then not met";
            case "not met" -> "first not met";
            default -> "not measured";
        };
        return met + (outcome.doubt().isEmpty() ? "" : " (no proof: " + outcome.doubt() + ")");
    }

    private void section(Section section) {
        line("### " + Page.title(section.name()));
        line("");
        section.notes().forEach(note -> line("* " + note));
        if (!section.notes().isEmpty()) {
            line("");
        }
        if (section.rows().isEmpty()) {
            return;
        }
        if (section.peak() > 0) {
            line(String.format(
                    Locale.ROOT,
                    "FMA peak %.0f GFLOP/s%s.",
                    section.peak(),
                    section.cpuPeak() > 0
                            ? String.format(Locale.ROOT, ", of the CPU device in Java %.0f", section.cpuPeak())
                            : ""));
            line("");
        }
        line("| work | who | time or bytes | GFLOP/s | % of peak | Clave is faster, times |");
        line("|---|---|---|---|---|---|");
        for (String work : section.works()) {
            List<Row> rows = section.of(work);
            rows.forEach(row -> row(section, rows.get(0), row));
        }
        line("");
    }

    private void row(Section section, Row first, Row row) {
        boolean bytes = row.unit().equals("bytes");
        String gflops = row.flops() == 0 ? "" : Spread.digits(row.gflops());
        double peak = row.who().equals("Clave CPU") ? section.cpuPeak() : section.peak();
        String percent =
                row.flops() == 0 || peak == 0 ? "" : String.format(Locale.ROOT, "%.0f", 100 * row.gflops() / peak);
        boolean same = row == first || section.name().equals("start") || bytes;
        line("| "
                + String.join(
                        " | ",
                        row.work(),
                        row.who(),
                        bytes ? row.spread().text() + " B" : Targets.timed(row.spread()),
                        gflops,
                        percent,
                        same ? "" : first.fasterThan(row).text())
                + " |");
    }
}
