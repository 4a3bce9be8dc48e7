package dev.clave.bench.report;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The aims of the project for speed, and what a run says of them. */
final class Targets {
    private static final String OURS = "Clave";

    /**
     * One aim.
     *
     * @param verdict {@code not met}, {@code first}, {@code then} or {@code not measured}
     * @param doubt why the figures prove little, empty when they do
     * @param behind what holds it back, empty when both are met
     */
    record Outcome(
            String what, String first, String then, String measured, String verdict, String doubt, String behind) {}

    private final Results results;

    Targets(Results results) {
        this.results = results;
    }

    List<Outcome> all() {
        return List.of(
                faster("train step, both LeNets, batch 64, Adam, against PyTorch", "train", "train ", "PyTorch", 4, 7),
                faster("the same against DJL in the same JVM", "train", "train ", "DJL", 12, 20),
                faster(
                        "inference batch 64 and 1024 against ONNX Runtime in the same JVM",
                        "inference",
                        "infer (64|1024)",
                        "ONNX Runtime",
                        1.5,
                        3),
                faster(
                        ours("inference", "infer 1"),
                        "inference batch 1, on the faster of our devices, against ONNX Runtime",
                        "inference",
                        "infer 1",
                        "ONNX Runtime",
                        0.5,
                        1),
                faster("sgemm 256..2048 against MKL (PyTorch)", "gemm", "gemm ", "PyTorch", 0.8, 0.95),
                faster("sgemm against CLBlast on the same OpenCL device", "gemm", "gemm ", "CLBlast", 2, 5),
                convolutions(),
                atMost("CPU device (pure Java), train step", "train", "train ", "Clave CPU", 15e3, 6e3),
                atMost("JVM start to first trained step, caches cold", "start", "start cold", "first step", 8e6, 4e6),
                atMost(
                        "JVM start to first trained step, caches warm",
                        "start",
                        "start warm",
                        "first step",
                        1.5e6,
                        0.8e6),
                atMost("heap bytes allocated per training step", "heap", "heap ", OURS, 64, 16),
                atMost(
                        "five epochs of MNIST from the command line",
                        "command",
                        ".*5 epochs of MNIST",
                        OURS,
                        15e6,
                        6e6));
    }

    /** The faster of our two devices at a work. */
    private String ours(String section, String work) {
        return results.section(section).map(Section::rows).orElse(List.of()).stream()
                .filter(row -> row.work().equals(work) && row.who().startsWith(OURS))
                .min(Comparator.comparingDouble(row -> row.spread().median()))
                .map(Row::who)
                .orElse(OURS);
    }

    private Outcome faster(String what, String section, String works, String peer, double first, double then) {
        return faster(OURS, what, section, works, peer, first, then);
    }

    /** Every work must reach the ratio. */
    private Outcome faster(
            String who, String what, String section, String works, String peer, double first, double then) {
        String aim = Spread.digits(first) + " times";
        String later = Spread.digits(then) + " times";
        List<Section.Ratio> ratios = ratios(section, works, who, peer);
        if (ratios.isEmpty()) {
            return missing(what, aim, later, section);
        }
        double least = ratios.stream()
                .mapToDouble(ratio -> ratio.spread().median())
                .min()
                .orElseThrow();
        String measured = ratios.stream()
                .map(ratio -> ratio.work() + ": " + ratio.spread().text())
                .collect(Collectors.joining("; ", who.equals(OURS) ? "" : who + ", ", ""));
        return outcome(section, what, aim, later, measured, least >= first, least >= then, behind(section, works, who));
    }

    private List<Section.Ratio> ratios(String section, String works, String who, String peer) {
        return results.section(section).map(found -> found.ratios(who, peer)).orElse(List.of()).stream()
                .filter(ratio -> matches(ratio.work(), works))
                .toList();
    }

    /** A prefix that ends with a blank, or a whole expression. */
    private static boolean matches(String work, String works) {
        return works.endsWith(" ") ? work.startsWith(works) : work.matches(works);
    }

    private Outcome convolutions() {
        String what = "conv2d, all directions, LeNet's, VGG's and ResNet-50's layers, against oneDNN (PyTorch)";
        String aim = "mean 0.8, none below 0.4";
        String later = "mean 1.1, none below 0.8";
        List<Section.Ratio> ratios = ratios("conv2d", "conv ", OURS, "PyTorch");
        if (ratios.isEmpty()) {
            return missing(what, aim, later, "conv2d");
        }
        double mean = Math.exp(ratios.stream()
                .mapToDouble(ratio -> Math.log(ratio.spread().median()))
                .average()
                .orElseThrow());
        List<Section.Ratio> sorted = ratios.stream()
                .sorted(Comparator.comparingDouble(ratio -> ratio.spread().median()))
                .toList();
        double least = sorted.get(0).spread().median();
        String measured = "geometric mean of " + ratios.size() + ": " + Spread.digits(mean) + ", least "
                + sorted.get(0).spread().text() + " (" + sorted.get(0).work() + ")";
        String behind = "slowest beside PyTorch: "
                + sorted.stream()
                        .filter(ratio -> ratio.spread().median() < 0.8)
                        .limit(6)
                        .map(ratio -> ratio.work() + " "
                                + Spread.digits(ratio.spread().median()) + percent(ratio.work()))
                        .collect(Collectors.joining("; "));
        return outcome(
                "conv2d", what, aim, later, measured, mean >= 0.8 && least >= 0.4, mean >= 1.1 && least >= 0.8, behind);
    }

    private String percent(String work) {
        Optional<Section> section = results.section("conv2d");
        return section.flatMap(found -> found.row(work, OURS))
                .map(row -> String.format(
                        java.util.Locale.ROOT,
                        " (%.0f %% of the FMA peak)",
                        100 * row.gflops() / section.get().peak()))
                .orElse("");
    }

    private Outcome atMost(String what, String section, String works, String who, double first, double then) {
        List<Row> rows = results.section(section).map(Section::rows).orElse(List.of()).stream()
                .filter(row -> row.who().equals(who) && matches(row.work(), works))
                .toList();
        boolean bytes = section.equals("heap");
        String aim = bytes ? Spread.digits(first) : Spread.time(first);
        String later = bytes ? Spread.digits(then) : Spread.time(then);
        if (rows.isEmpty()) {
            return missing(what, aim, later, section);
        }
        double most =
                rows.stream().mapToDouble(row -> row.spread().median()).max().orElseThrow();
        String measured = rows.stream()
                .map(row -> row.work() + ": " + (bytes ? row.spread().text() : timed(row.spread())))
                .collect(Collectors.joining("; "));
        return outcome(section, what, aim, later, measured, most <= first, most <= then, behind(section, works, who));
    }

    static String timed(Spread spread) {
        return Spread.time(spread.median()) + " (" + Spread.time(spread.low()) + " to " + Spread.time(spread.high())
                + ")";
    }

    private Outcome outcome(
            String section,
            String what,
            String first,
            String then,
            String measured,
            boolean firstMet,
            boolean thenMet,
            String behind) {
        String verdict = thenMet ? "then" : firstMet ? "first" : "not met";
        return new Outcome(what, first, then, measured, verdict, doubt(section), thenMet ? "" : behind);
    }

    private String doubt(String name) {
        boolean quick = results.mode().equals("quick");
        Section section = results.section(name).orElseThrow();
        String busy = section.busy() ? "others used " + Spread.digits(section.others()) + " processors meanwhile" : "";
        return (quick ? "quick run" : "") + (quick && !busy.isEmpty() ? ", " : "") + busy;
    }

    private Outcome missing(String what, String first, String then, String section) {
        String why = results.section(section).map(Section::notes).orElse(List.of()).stream()
                .filter(note -> note.startsWith("no ")
                        || note.contains(": no ")
                        || note.contains("not ")
                        || note.contains("quick"))
                .limit(2)
                .collect(Collectors.joining("; "));
        return new Outcome(what, first, then, why.isEmpty() ? "not measured" : why, "not measured", "", "");
    }

    /** What the figures themselves say of the rest of the time. */
    private String behind(String name, String works, String who) {
        Section section = results.section(name).orElseThrow();
        List<Row> ours = section.rows().stream()
                .filter(row -> row.who().equals(who) && matches(row.work(), works))
                .toList();
        return switch (name) {
            case "train", "inference", "gemm" ->
                ours.stream().map(row -> arithmetic(section, row)).collect(Collectors.joining("; "));
            case "start" ->
                section.rows().stream()
                        .filter(row -> matches(row.work(), works))
                        .map(row ->
                                row.who() + " after " + Spread.time(row.spread().median()))
                        .collect(Collectors.joining(", "));
            case "heap" ->
                "a fit as a whole, with the losses of all samples read at its end: "
                        + section.rows().stream()
                                .filter(row -> row.who().equals("Clave, whole fit"))
                                .map(row -> row.spread().text())
                                .collect(Collectors.joining());
            default -> steps();
        };
    }

    /** Bytes of a step over its launches. */
    private String perLaunch(List<Row> heap) {
        return results.section("train").map(Section::notes).orElse(List.of()).stream()
                .filter(note -> note.startsWith("train relu: ") && note.contains("enqueued as "))
                .mapToInt(note -> Integer.parseInt(note.replaceAll(".*enqueued as (\\d+).*", "$1")))
                .mapToObj(launches -> Spread.digits(heap.get(0).spread().median()) + " bytes for " + launches
                        + (launches == 1 ? " launch; " : " launches; "))
                .findFirst()
                .orElse("");
    }

    private static String arithmetic(Section section, Row row) {
        boolean cpu = row.who().equals("Clave CPU");
        double least = row.flops() / (cpu ? section.cpuPeak() : section.peak()) / 1e3;
        String launches = cpu
                ? ""
                : section.notes().stream()
                        .filter(note -> note.startsWith(row.work() + ": ") && note.contains("launches"))
                        .map(note -> ", " + note.substring(row.work().length() + 2))
                        .findFirst()
                        .orElse("");
        return row.work() + ": arithmetic at the FMA peak is " + Spread.time(least) + " of "
                + Spread.time(row.spread().median()) + launches;
    }

    private String steps() {
        return results.section("train")
                .flatMap(train -> train.row("train relu", OURS))
                .map(row -> "4,690 steps at the step time of the train section take "
                        + Spread.time(4690 * row.spread().median())
                        + "; the rest is start, data and evaluation")
                .orElse("");
    }
}
